"""Move stored values to the keys of today."""

from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand, CommandError, CommandParser

from gmcrypto import rotation
from gmcrypto.errors import GmCryptoError


class Command(BaseCommand):
    """May be stopped at any time: a second run does only what is missing."""

    help = "Encrypt the values of all models, or of those named, under the keys of today."

    def add_arguments(self, parser: CommandParser) -> None:
        """Which models, and where to go on."""
        parser.add_argument("models", nargs="*", metavar="app.Model")
        parser.add_argument("--after", type=int, default=0, help="Go on behind this primary key.")
        parser.add_argument("--batch", type=int, default=rotation.BATCH)

    def handle(self, *args: Any, **options: Any) -> None:
        """Go through the models and the other places, then through the keys of persons."""
        labels: list[str] = options["models"]
        if options["after"] and len(labels) != 1:
            raise CommandError("--after goes with exactly one model.")
        try:
            candidates = [apps.get_model(label) for label in labels] if labels else apps.get_models()
        except (LookupError, ValueError) as error:
            raise CommandError(str(error)) from error
        try:
            for model in rotation.models_with_encrypted_fields(candidates):
                self._reencrypt(model._meta.label, model, options)
            if not labels:
                for name, walk in rotation.elsewhere():
                    moved = walk(options["batch"], self._report)
                    self.stdout.write(f"{name}: {moved.seen} seen, {moved.changed} changed.")
                done = rotation.rewrap_subject_keys(batch=options["batch"], report=self._report)
                self.stdout.write(f"Keys of persons: {done.seen} seen, {done.changed} changed.")
        except GmCryptoError as error:
            raise CommandError(str(error)) from error

    def _reencrypt(self, label: str, model: Any, options: dict[str, Any]) -> None:
        done = rotation.reencrypt_model(
            model, after=options["after"], batch=options["batch"], report=self._report
        )
        self.stdout.write(
            f"{label}: {done.seen} seen, {done.changed} changed, {done.destroyed} with a destroyed key."
        )

    def _report(self, progress: rotation.Progress) -> None:
        self.stderr.write(f"  up to {progress.last}: {progress.seen} seen, {progress.changed} changed")
