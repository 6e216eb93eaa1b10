"""Commands of ovn-sbctl beside the generic ones."""

from __future__ import annotations

from checks.practice.sim.ctl import OVN_OPTIONS, Tool, tool
from checks.practice.sim.ctlargs import Call, Syntax
from checks.practice.sim.dbctl import Context, CtlError
from checks.practice.sim.values import quoted, show

NAMES = {
    "Chassis": (("name", ""),),
    "Chassis_Private": (("name", ""),),
    "Port_Binding": (("logical_port", ""),),
    "MAC_Binding": (("logical_port", ""),),
    "Datapath_Binding": (
        ("external_ids", "name"),
        ("external_ids", "logical-switch"),
        ("external_ids", "logical-router"),
    ),
    "Port_Group": (("name", ""),),
    "Address_Set": (("name", ""),),
    "HA_Chassis_Group": (("name", ""),),
}
UNSTAGED = """init chassis-add lsp-bind lsp-unbind lflow-list dump-flows count-flows get-connection set-connection
del-connection get-ssl wait-until get-inactivity-probe""".replace("\n", " ")


def _show(ctx: Context, call: Call) -> None:
    encaps, bindings = ctx.db["Encap"], ctx.db["Port_Binding"]
    for uuid, row in ctx.db["Chassis"].items():
        ctx.out.append(
            f"Chassis {quoted(row.get('name', ''))}\n    hostname: {quoted(row.get('hostname', ''))}\n"
        )
        for encap in row.get("encaps", ()):
            options = show(encaps.schema.columns["options"], encaps.value(encap, "options"))
            ctx.out.append(
                f"    Encap {encaps.value(encap, 'type')}\n        ip: {quoted(encaps.value(encap, 'ip'))}\n"
            )
            ctx.out.append(f"        options: {options}\n")
        ports = sorted(bindings.value(u, "logical_port") for u in bindings.where(chassis=(uuid,)))
        ctx.out += [f"    Port_Binding {quoted(port)}\n" for port in ports]


def _chassis_del(ctx: Context, call: Call) -> None:
    chassis = ctx.db["Chassis"]
    found = next(chassis.where(name=call.args[0]), "")
    if not found:
        if "--if-exists" in call.options:
            return
        raise CtlError(f"no chassis named {call.args[0]}")
    for encap in chassis.value(found, "encaps"):
        ctx.tx.drop(ctx.db["Encap"], encap)
    ctx.tx.unlink("Chassis", found)
    ctx.tx.drop(chassis, found)


def sbctl() -> Tool:
    """ovn-sbctl."""
    return tool(
        "ovn-sbctl",
        NAMES,
        {"show": (Syntax(0, 0), _show), "chassis-del": (Syntax(1, 1, ("--if-exists",)), _chassis_del)},
        options=OVN_OPTIONS,
        socket="unix:/var/run/ovn/ovnsb_db.sock",
        unstaged=UNSTAGED,
    )
