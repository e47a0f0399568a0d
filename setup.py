"""What setup.cfg cannot say: `scenarios/` is installed as the package `simulator.shipped`."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["simulator*", "analysis*"]), "simulator.shipped"],
    package_dir={"simulator.shipped": "scenarios"},
)
