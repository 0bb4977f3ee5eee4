"""The command `doctor`: examines, and prints the screen or JSON; runs where MXNet does not."""
import argparse
import json

from .examine import broken, examine, screen


def add_doctor(commands):
    """Adds the command to those of the command line."""
    command = commands.add_parser('doctor', help='what does not work here, and what to do')
    command.add_argument('--json', action='store_true')
    command.set_defaults(run=doctor)


def doctor(args):
    """Prints what was found; returns 1 where something is broken."""
    sections = examine()
    if args.json:
        print(json.dumps([{'section': section, **finding._asdict()}
                          for section, findings in sections.items() for finding in findings],
                         indent=2, ensure_ascii=False))
    else:
        print(screen(sections))
    return 1 if broken(sections) else 0


def main(words):
    """Runs `doctor` alone, as the whole command line needs MXNet."""
    parser = argparse.ArgumentParser(prog='gluon-finetune')
    add_doctor(parser.add_subparsers(metavar='COMMAND'))
    args = parser.parse_args(words)
    return args.run(args)
