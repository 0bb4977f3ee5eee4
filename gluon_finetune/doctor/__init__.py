"""The command `doctor`: checks of the installation, the machine and the files, each with a fix."""
