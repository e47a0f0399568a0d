"""The scenarios that ship with the simulator, installed as `simulator.shipped`."""
