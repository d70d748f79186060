"""`python -m rvebench` is the command line."""

from rvebench.cli import main

if __name__ == "__main__":
    main()
