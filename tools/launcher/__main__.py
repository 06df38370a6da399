import sys

from tools.launcher.problems import Problem, sentence

_USAGE = """usage: python -m tools.launcher up
       python -m tools.launcher test -- <arguments of pytest>
       python -m tools.launcher with -- <command>

up    starts the product and everything it needs, until Ctrl-C
test  runs pytest with a PostgreSQL and a Valkey that are thrown away afterwards
with  runs a command with the same, but durable as in production
"""


def main(arguments: list[str]) -> int:
    """Do what the arguments ask for; the result is the exit code."""
    # Each command loads only what it needs, so that it starts quickly.
    match arguments:
        case ["up"]:
            from tools.launcher.up import up

            return up()
        case ["test", "--", *rest]:
            from tools import messages
            from tools.launcher.temporary import run

            messages.compile_all()
            return run([sys.executable, "-m", "pytest", *rest], is_durable=False)
        case ["with", "--", command, *rest]:
            from tools.launcher.temporary import run

            return run([command, *rest], is_durable=True)
    sys.stderr.write(_USAGE)
    return 2


if __name__ == "__main__":
    try:
        code = main(sys.argv[1:])
    except Problem as problem:
        sys.stderr.write(f"\n{problem}\n")
        code = 1
    except OSError as error:
        sys.stderr.write(f"\n{sentence(error)}\n")
        code = 1
    except KeyboardInterrupt:
        code = 130
    sys.exit(code)
