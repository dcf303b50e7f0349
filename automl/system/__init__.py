"""What lies between us and the operating system: memory, cores, processes, the terminal and the shell."""
