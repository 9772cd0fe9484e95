"""`sitegate key show` and `sitegate register`: this gate's own keys, and how HQ learns them."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from contract.identity import fingerprint
from contract.signing import BadKey, read_signing_public
from edge import __version__
from edge.commands.common import DEFAULT_CONFIG, ConfigOption, example, fail, load_config, out
from edge.core.config import Config
from edge.system.clock import SystemClock

if TYPE_CHECKING:
    from edge.sync.registration import PublicKeys

app = typer.Typer(help="This gate's own keys.", no_args_is_help=True)


@app.command("show", epilog=example("sitegate key show", "sitegate key show --to gate-1.pub.pem"))
def show(
    config: ConfigOption = DEFAULT_CONFIG,
    to: Annotated[Path | None, typer.Option("--to", help="Write both public keys there, for HQ.")] = None,
) -> None:
    """Show the public keys of this gate and their fingerprint, to read aloud to HQ."""
    settings = load_config(config)
    keys, files = _keys(settings)
    out.print(f"gate key  {files[0]}", highlight=False, soft_wrap=True, markup=False)
    out.print(f"link key  {files[1]}", highlight=False, soft_wrap=True, markup=False)
    out.print(f"fingerprint of both: {fingerprint(keys.gate, keys.link)}", highlight=False, soft_wrap=True)
    if to is not None:
        try:
            to.write_bytes(b"".join(path.read_bytes() for path in files))
        except OSError as error:
            raise fail(f"{to} cannot be written: {error.strerror}") from error
        site = settings.site
        todo = f"sitegate-hq gate add {site.gate_id} --site {site.site_id} --key {to.name} --by YOU"
        out.print(f"written to {to}; at HQ: {todo}", highlight=False, soft_wrap=True, markup=False)


def register_gate(
    code: Annotated[
        str | None, typer.Argument(help="The code that HQ gave you; none if HQ has the fingerprint.")
    ] = None,
    config: ConfigOption = DEFAULT_CONFIG,
) -> None:
    """Register this gate's public keys at HQ, so that HQ accepts its messages.

    HQ gives the code: sitegate-hq gate code GATE --site SITE --by YOU. A code works once, for this gate alone.
    """
    from contract.keyring import TrustedKeys
    from edge.sync import registration as to_hq
    from edge.sync.mqtt import LinkError

    settings = load_config(config)
    keys, _ = _keys(settings)
    try:
        payload = to_hq.message(settings, keys, code, __version__, SystemClock().utc())
        said = to_hq.register(settings, payload, TrustedKeys(settings.keys.hq_signing_public_path))
    except (BadKey, LinkError, ValueError, to_hq.NotRegistered) as error:
        raise fail(str(error)) from error
    out.print(f"{said}; fingerprint {fingerprint(keys.gate, keys.link)}", highlight=False, soft_wrap=True, markup=False)


def register(main: typer.Typer) -> None:
    main.add_typer(app, name="key")
    main.command("register", epilog=example("sudo sitegate register 7K2M-9QX4-TBHW"))(register_gate)


def _keys(config: Config) -> "tuple[PublicKeys, tuple[Path, Path]]":
    """The public halves, and their files; root makes what is missing."""
    from edge.app.state_folders import gate_dir, gate_key_files, link_key_files, sync_dir
    from edge.core.ports import JournalError
    from edge.sync.registration import PublicKeys
    from edge.system.gate_keys import open_key

    both = (gate_key_files(config), gate_dir), (link_key_files(config), sync_dir)
    found = []
    for (private, public), folder in both:
        try:
            if not public.exists():
                folder(config)
                open_key(private, public)
            found.append((read_signing_public(public).public_bytes_raw(), public))
        except (BadKey, JournalError) as error:
            raise fail(f"{error}; start sitegate gate and sync once, or run this as root") from error
    return PublicKeys(found[0][0], found[1][0]), (found[0][1], found[1][1])
