"""Commands of ovs-vsctl beside the generic ones."""

from __future__ import annotations

from checks.practice.sim.ctl import VSCTL_OPTIONS, Tool, tool
from checks.practice.sim.ctlargs import Call, Syntax
from checks.practice.sim.dbctl import Context, CtlError
from checks.practice.sim.values import quoted

NAMES = dict.fromkeys(("Bridge", "Port", "Interface"), (("name", ""),)) | {
    "Controller": (("target", ""),),
    "Manager": (("target", ""),),
}
UNSTAGED = """init emer-reset add-br del-br add-bond list-ifaces add-port get-fail-mode set-fail-mode get-controller
set-controller del-controller get-manager set-manager del-manager br-to-vlan br-to-parent br-set-external-id
br-get-external-id wait-until get-ssl set-ssl del-ssl""".replace("\n", " ")


def _bridge(ctx: Context, name: str) -> str:
    for uuid in ctx.db["Bridge"].where(name=name):
        return uuid
    raise CtlError(f"no bridge named {name}")


def _ports(ctx: Context, bridge: str) -> dict[str, str]:
    """Port name to UUID, of one bridge."""
    table = ctx.db["Port"]
    return {table.value(u, "name"): u for u in ctx.db["Bridge"].value(bridge, "ports") if u in table.rows}


def _list_br(ctx: Context, call: Call) -> None:
    ctx.out += [
        f"{name}\n" for name in sorted(ctx.db["Bridge"].value(u, "name") for u in ctx.db["Bridge"].rows)
    ]


def _br_exists(ctx: Context, call: Call) -> None:
    if not list(ctx.db["Bridge"].where(name=call.args[0])):
        ctx.code = 2


def _list_ports(ctx: Context, call: Call) -> None:
    bridge = _bridge(ctx, call.args[0])
    ctx.out += [f"{name}\n" for name in sorted(_ports(ctx, bridge)) if name != call.args[0]]


def _port_to_br(ctx: Context, call: Call) -> None:
    for bridge in ctx.db["Bridge"].rows:
        if call.args[0] in _ports(ctx, bridge):
            ctx.out.append(f"{ctx.db['Bridge'].value(bridge, 'name')}\n")
            return
    raise CtlError(f"no {'port' if call.name == 'port-to-br' else 'interface'} named {call.args[0]}")


def _del_port(ctx: Context, call: Call) -> None:
    """``del-port [BRIDGE] PORT``; ``--with-iface`` also takes a port by the name of its interface."""
    wanted = call.args[-1]
    bridges = [_bridge(ctx, call.args[0])] if len(call.args) > 1 else list(ctx.db["Bridge"].rows)
    for bridge in bridges:
        port = _ports(ctx, bridge).get(wanted)
        if port is None and "--with-iface" in call.options:
            port = next((p for p in _ports(ctx, bridge).values() if _has_interface(ctx, p, wanted)), None)
        if port is None:
            continue
        for interface in ctx.db["Port"].value(port, "interfaces"):
            ctx.tx.drop(ctx.db["Interface"], interface)
        row = ctx.db["Bridge"].rows[bridge]
        ctx.tx.put(ctx.db["Bridge"], bridge, row | {"ports": tuple(u for u in row["ports"] if u != port)})
        ctx.tx.drop(ctx.db["Port"], port)
        return
    if "--if-exists" not in call.options:
        raise CtlError(f"no port named {wanted}")


def _has_interface(ctx: Context, port: str, name: str) -> bool:
    table = ctx.db["Interface"]
    return any(table.value(u, "name") == name for u in ctx.db["Port"].value(port, "interfaces"))


def _show(ctx: Context, call: Call) -> None:
    db = ctx.db
    for root, row in db["Open_vSwitch"].items():
        ctx.out.append(f"{root}\n")
        for bridge in row.get("bridges", ()):
            _show_bridge(ctx, bridge)
        if version := row.get("ovs_version"):
            ctx.out.append(f'    ovs_version: "{version[0]}"\n')


def _show_bridge(ctx: Context, uuid: str) -> None:
    db, row = ctx.db, ctx.db["Bridge"].rows[uuid]
    ctx.out.append(f"    Bridge {quoted(row['name'])}\n")
    if row.get("fail_mode"):
        ctx.out.append(f"        fail_mode: {row['fail_mode'][0]}\n")
    if row.get("datapath_type"):
        ctx.out.append(f"        datapath_type: {row['datapath_type']}\n")
    for name, port in sorted(_ports(ctx, uuid).items()):
        ctx.out.append(f"        Port {quoted(name)}\n")
        for interface in db["Port"].value(port, "interfaces"):
            ctx.out.append(f"            Interface {quoted(db['Interface'].value(interface, 'name'))}\n")
            if kind := db["Interface"].value(interface, "type"):
                ctx.out.append(f"                type: {kind}\n")
            if options := db["Interface"].value(interface, "options"):
                pairs = ", ".join(f"{k}={quoted(v)}" for k, v in sorted(options.items()))
                ctx.out.append(f"                options: {{{pairs}}}\n")
            if error := db["Interface"].value(interface, "error"):
                ctx.out.append(f"                error: {quoted(error[0])}\n")


def vsctl() -> Tool:
    """ovs-vsctl."""
    return tool(
        "ovs-vsctl",
        NAMES,
        {
            "show": (Syntax(0, 0), _show),
            "list-br": (Syntax(0, 0), _list_br),
            "br-exists": (Syntax(1, 1), _br_exists),
            "list-ports": (Syntax(1, 1), _list_ports),
            "list-ifaces": (Syntax(1, 1), _list_ports),
            "port-to-br": (Syntax(1, 1), _port_to_br),
            "iface-to-br": (Syntax(1, 1), _port_to_br),
            "del-port": (Syntax(1, 2, ("--if-exists", "--with-iface", "--must-exist")), _del_port),
        },
        options=VSCTL_OPTIONS,
        socket="unix:/var/run/openvswitch/db.sock",
        unstaged=UNSTAGED,
    )
