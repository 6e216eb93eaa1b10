"""Commands of ovn-nbctl beside the generic ones."""

from __future__ import annotations

from typing import Any

from checks.practice.sim.ctl import OVN_OPTIONS, Tool, argument, only, tool
from checks.practice.sim.ctlargs import Call, Syntax
from checks.practice.sim.dbctl import Context
from checks.practice.sim.tables import Table

NAME = (("name", ""),)
NAMES = dict.fromkeys(
    (
        "Logical_Switch",
        "Logical_Switch_Port",
        "Logical_Router",
        "Logical_Router_Port",
        "Load_Balancer",
        "Port_Group",
        "Address_Set",
        "ACL",
        "Meter",
        "Load_Balancer_Group",
        "HA_Chassis_Group",
        "Gateway_Chassis",
    ),
    NAME,
)
UNSTAGED = """init sync ls-add acl-add acl-del acl-list qos-add qos-del qos-list lsp-add lsp-set-addresses lsp-set-type
lsp-set-options lsp-get-type lsp-get-options lsp-set-enabled lr-add lr-del lrp-add lrp-del lr-route-add lr-route-del
lr-route-list lr-policy-add lr-policy-del lr-policy-list lr-nat-add lr-nat-del lr-nat-list lb-add lb-del lr-lb-add
lr-lb-del lr-lb-list ls-lb-add ls-lb-del dhcp-options-list get-connection set-connection del-connection get-ssl
pg-add pg-del pg-set-ports wait-until lrp-get-gateway-chassis lrp-set-gateway-chassis meter-list""".replace(
    "\n", " "
)


def _listing(ctx: Context, table: Table, uuids: Any) -> None:
    rows = sorted(((table.value(u, "name"), u) for u in uuids if u in table.rows), key=lambda pair: pair[0])
    ctx.out += [f"{uuid} ({name})\n" for name, uuid in rows]


def _ls_list(ctx: Context, call: Call) -> None:
    _listing(ctx, ctx.db["Logical_Switch"], ctx.db["Logical_Switch"].rows)


def _lr_list(ctx: Context, call: Call) -> None:
    _listing(ctx, ctx.db["Logical_Router"], ctx.db["Logical_Router"].rows)


def _lsp_list(ctx: Context, call: Call) -> None:
    switch = only(ctx, "Logical_Switch", call.args[0], "switch")
    _listing(ctx, ctx.db["Logical_Switch_Port"], ctx.db["Logical_Switch"].value(switch, "ports"))


def _lrp_list(ctx: Context, call: Call) -> None:
    router = only(ctx, "Logical_Router", call.args[0], "router")
    _listing(ctx, ctx.db["Logical_Router_Port"], ctx.db["Logical_Router"].value(router, "ports"))


def _lsp_del(ctx: Context, call: Call) -> None:
    found = next(ctx.db["Logical_Switch_Port"].where(name=call.args[0]), "")
    if not found:
        if "--if-exists" not in call.options:
            from checks.practice.sim.dbctl import CtlError

            raise CtlError(f"{call.args[0]}: port name not found")
        return
    ctx.tx.unlink("Logical_Switch_Port", found)
    ctx.tx.drop(ctx.db["Logical_Switch_Port"], found)


def _ls_del(ctx: Context, call: Call) -> None:
    found = next(ctx.db["Logical_Switch"].where(name=call.args[0]), "")
    if not found and "--if-exists" in call.options:
        return
    switch = only(ctx, "Logical_Switch", call.args[0], "switch")
    for port in ctx.db["Logical_Switch"].value(switch, "ports"):
        ctx.tx.drop(ctx.db["Logical_Switch_Port"], port)
    ctx.tx.drop(ctx.db["Logical_Switch"], switch)


def _lsp_get_addresses(ctx: Context, call: Call) -> None:
    port = only(ctx, "Logical_Switch_Port", call.args[0], "port")
    ctx.out += [f"{address}\n" for address in ctx.db["Logical_Switch_Port"].value(port, "addresses")]


def _lsp_get_up(ctx: Context, call: Call) -> None:
    port = only(ctx, "Logical_Switch_Port", call.args[0], "port")
    ctx.out.append("up\n" if ctx.db["Logical_Switch_Port"].value(port, "up") == (True,) else "down\n")


def _balancers(ctx: Context, uuids: Any) -> None:
    """The columns of ``lb-list``; the name is cut to 16 characters."""
    table = ctx.db["Load_Balancer"]
    rows = sorted((table.value(u, "name"), u) for u in uuids if u in table.rows)
    if rows:
        ctx.out.append(f"{'UUID':<36}    {'LB':<20}{'PROTO':<11}{'VIP':<{_vip_width(table, uuids)}}IPs\n")
    for name, uuid in rows:
        protocol = (table.value(uuid, "protocol") or ("tcp",))[0]
        first = (f"{uuid:<36}", name[:16], protocol)
        for vip, backends in sorted(table.value(uuid, "vips").items()):
            ctx.out.append(
                f"{first[0]:<36}    {first[1]:<20}{protocol:<11}{vip:<{_vip_width(table, uuids)}}{backends}\n"
            )
            first = ("", "", "")


def _vip_width(table: Table, uuids: Any) -> int:
    vips = [vip for u in uuids if u in table.rows for vip in table.value(u, "vips")]
    return max(map(len, vips), default=3) + 4


def _lb_list(ctx: Context, call: Call) -> None:
    table = ctx.db["Load_Balancer"]
    name = argument(call, 0)
    _balancers(ctx, list(table.where(name=name)) if name else list(table.rows))


def _ls_lb_list(ctx: Context, call: Call) -> None:
    switch = only(ctx, "Logical_Switch", call.args[0], "switch")
    _balancers(ctx, ctx.db["Logical_Switch"].value(switch, "load_balancer"))


def _show(ctx: Context, call: Call) -> None:
    name = argument(call, 0)
    for uuid, row in sorted(ctx.db["Logical_Switch"].items(), key=lambda pair: pair[1].get("name", "")):
        if not name or name in (uuid, row.get("name")):
            _show_switch(ctx, uuid, row)
    for uuid, row in sorted(ctx.db["Logical_Router"].items(), key=lambda pair: pair[1].get("name", "")):
        if not name or name in (uuid, row.get("name")):
            _show_router(ctx, uuid, row)


def _show_switch(ctx: Context, uuid: str, row: dict[str, Any]) -> None:
    ports = ctx.db["Logical_Switch_Port"]
    ctx.out.append(f"switch {uuid} ({row.get('name', '')})\n")
    for port in sorted(row.get("ports", ()), key=lambda u: str(ports.value(u, "name"))):
        ctx.out.append(f"    port {ports.value(port, 'name')}\n")
        if kind := ports.value(port, "type"):
            ctx.out.append(f"        type: {kind}\n")
        if kind == "router":
            ctx.out.append(f"        router-port: {ports.value(port, 'options').get('router-port', '')}\n")
        elif addresses := ports.value(port, "addresses"):
            shown = ", ".join(f'"{a}"' for a in addresses)
            ctx.out.append(f"        addresses: [{shown}]\n")


def _show_router(ctx: Context, uuid: str, row: dict[str, Any]) -> None:
    ports = ctx.db["Logical_Router_Port"]
    ctx.out.append(f"router {uuid} ({row.get('name', '')})\n")
    for port in sorted(row.get("ports", ()), key=lambda u: str(ports.value(u, "name"))):
        networks = ", ".join(f'"{n}"' for n in ports.value(port, "networks"))
        ctx.out.append(f'    port {ports.value(port, "name")}\n        mac: "{ports.value(port, "mac")}"\n')
        ctx.out.append(f"        networks: [{networks}]\n")


def nbctl() -> Tool:
    """ovn-nbctl."""
    if_exists = ("--if-exists",)
    return tool(
        "ovn-nbctl",
        NAMES,
        {
            "show": (Syntax(0, 1), _show),
            "ls-list": (Syntax(0, 0), _ls_list),
            "ls-del": (Syntax(1, 1, if_exists), _ls_del),
            "lr-list": (Syntax(0, 0), _lr_list),
            "lsp-list": (Syntax(1, 1), _lsp_list),
            "lsp-del": (Syntax(1, 1, if_exists), _lsp_del),
            "lsp-get-addresses": (Syntax(1, 1), _lsp_get_addresses),
            "lsp-get-up": (Syntax(1, 1), _lsp_get_up),
            "lrp-list": (Syntax(1, 1), _lrp_list),
            "lb-list": (Syntax(0, 1), _lb_list),
            "ls-lb-list": (Syntax(1, 1), _ls_lb_list),
        },
        options=OVN_OPTIONS,
        socket="unix:/var/run/ovn/ovnnb_db.sock",
        unstaged=UNSTAGED,
    )
