"""`sitegate voice make`: spoken sentences, made on this machine from the texts of the lane page."""

import math
import shutil
import struct
import subprocess
import wave
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import track

from edge.commands.common import DEFAULT_CONFIG, ConfigOption, example, fail, load_config, out
from edge.core.indication import CLIPS, KEY_CLIP, KEY_TONE_S
from edge.screen.lane_view import sign_named
from edge.screen.translations import Texts, load_all

app = typer.Typer(no_args_is_help=True, help="Spoken sentences for the lane.")

WORDS_PER_MINUTE = 150
"""Slower than espeak-ng's own 175: it is read out once, in a noisy place."""
RATE_HZ, KEY_HZ = 22_050, 1_200
"""Samples a second, and the pitch of the tone for a key of the PIN pad."""


@app.command(epilog=example("sitegate voice make /var/lib/sitegate/voice", "sitegate voice make voice --language en"))
def make(
    folder: Annotated[Path, typer.Argument(help="Where to put them: FOLDER/<language>/<sentence>.wav.")],
    language: Annotated[
        list[str] | None, typer.Option("--language", "-l", help="Only this language; may be repeated.")
    ] = None,
) -> None:
    """Speak every sentence of the lane page into a WAV file, with espeak-ng, and make the tone of a key.

    Existing files are replaced. Own recordings sound better: put them there under the same names.
    """
    if shutil.which("espeak-ng") is None:
        raise fail("espeak-ng is not installed; run: apt install espeak-ng")
    texts = load_all()
    for code in language or list(texts):
        if code not in texts:
            raise fail(f"there is no language {code!r}; known: {', '.join(sorted(texts))}")
        for clip in track(CLIPS, description=texts[code].name):
            _speak(texts[code], clip, folder / code / f"{clip}.wav")
    _write_key_tone(folder / KEY_CLIP)
    out.print(
        f"Set [indicator] voice_dir to {folder.resolve()}; try one with: aplay {folder}/{(language or list(texts))[0]}/{CLIPS[0]}.wav"
    )


@app.command("check", epilog=example("sitegate voice check -c /etc/sitegate/sitegate.toml"))
def check_clips(config_path: ConfigOption = DEFAULT_CONFIG) -> None:
    """List the sentences that the configured folder lacks."""
    told = load_config(config_path).indicator
    if told.voice_dir is None:
        raise fail("[indicator] voice_dir is not set: there is no voice")
    missing = [
        f"{code}/{clip}.wav"
        for code in told.voice_languages
        for clip in CLIPS
        if not (told.voice_dir / code / f"{clip}.wav").is_file()
    ]
    if missing:
        raise fail(f"missing in {told.voice_dir}: {', '.join(missing)}; run: sitegate voice make {told.voice_dir}")
    out.print(f"All {len(CLIPS) * len(told.voice_languages)} sentences are there.")


def _write_key_tone(path: Path) -> None:
    """Write a soft tone that begins and ends without a crack."""
    samples = int(KEY_TONE_S * RATE_HZ)
    waves = (math.sin(2 * math.pi * KEY_HZ * n / RATE_HZ) * math.sin(math.pi * n / samples) for n in range(samples))
    with wave.open(str(path), "wb") as tone:
        tone.setnchannels(1)
        tone.setsampwidth(2)
        tone.setframerate(RATE_HZ)
        tone.writeframes(b"".join(struct.pack("<h", int(16_000 * value)) for value in waves))


def _speak(texts: Texts, clip: str, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    command = [
        "espeak-ng",
        "-v",
        texts.speech,
        "-s",
        str(WORDS_PER_MINUTE),
        "-w",
        str(path),
        texts.sign[sign_named(clip)],
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode or not path.is_file():
        raise fail(f"espeak-ng could not speak {texts.code}/{clip}: {done.stderr.strip() or 'no file was written'}")
