# Phases: the order in which steps run, whichever entries they are of; why traffic is not cut. What undoes a step runs in the phase of
# the same name, the last phase first. A phase `X.back.Y` is for undoing alone.

BEGIN {
    # ---- what is in the way of what is to come
    phase_is("daemon.leave.put") # Docker lies on a bridge that goes
    phase_is("daemon.leave.load")
    phase_is("daemon.leave.settle")
    phase_is("default-route.aside.endpoint.leave") # Docker adds a default route and replaces none: ours is out of its way first
    phase_is("endpoint.leave") # a container leaves a network before that goes, or its address is another's
    phase_is("default-route.aside.network.empty") # as above
    phase_is("network.empty") # Docker removes no network that has containers
    phase_is("network.remove") # its bridge, or what it lies on, may be made anew below
    phase_is("interface.remove") # before the bridge or the NIC that it lies on
    phase_is("interface.back.routes") # needs the link up
    phase_is("interface.back.up")
    phase_is("interface.back.sysctls") # arp_notify tells the LAN when the link comes up
    phase_is("interface.back.addresses")
    phase_is("interface.back.words") # a MAC is set while the link is down
    phase_is("interface.back.host")
    phase_is("interface.back")
    phase_is("uplink.back.keep") # after all of that
    phase_is("uplink.back.reload") # after its files are as they were, and those after the NIC
    phase_is("uplink.back.files")
    phase_is("networkd.back.reload") # after its file is as it was
    phase_is("networkd.links") # systemd-networkd leaves links alone that it has been told of before they are there
    phase_is("networkd.reload")

    # ---- nothing is let in or out that is not to be
    phase_is("nft.load") # closed before there is something to reach; one transaction for the table
    phase_is("nft.record") # what nft prints of it right after loading

    # ---- links, from the ground up
    phase_is("uplink.hook.put") # whoever has the NIC's lease may renew it from now on
    phase_is("uplink.record") # what was there, before it is changed
    link_phases("link.remake.upper") # what lies on a VLAN that is made anew would go with it by itself
    link_phases("link.remake") # what the kernel changes in no other way; what lay on it is put back below
    phase_is("link.add")
    phase_is("link.add.upper") # may lie on a VLAN of the same unit
    phase_is("link.serve") # what wireguard-go sets, it sets when it starts
    phase_is("link.mark") # ours from here on, also for a run that was killed
    phase_is("link.set")
    phase_is("uplink.settings") # those of IPv6 before it has the link
    phase_is("uplink.pin")
    phase_is("link.join") # a port has its MTU before the bridge takes it over
    phase_is("link.up") # addresses and routes want a link that is up
    phase_is("uplink.move") # in one batch with what makes the bridge ready: nobody waits for a packet
    phase_is("uplink.clear")
    phase_is("uplink.files") # what has set up the NIC is told when it is done
    phase_is("uplink.reload")
    phase_is("uplink.keep")
    phase_is("promisc.set")
    phase_is("promisc.record")
    phase_is("addr.add") # a route's `src` has to be there; new addresses come before old ones go, so that a link keeps its routes
    phase_is("neigh.add")
    phase_is("sysctl.record") # what was there, before it is changed
    phase_is("sysctl.set") # forwarding, before routes lead here
    phase_is("fdb.add")
    phase_is("wireguard.meet") # the one that a route is to lead by instead
    phase_is("route.add") # the way is open when all behind it is there

    # ---- what is wanted no more goes after what takes its place has come
    phase_is("promisc.back")
    phase_is("promisc.forget")
    phase_is("route.del")
    phase_is("neigh.del")
    phase_is("fdb.del")
    phase_is("addr.del") # with the last address of a link the kernel forgets its routes and neighbours
    phase_is("uplink.release.back.keep")
    phase_is("uplink.release.back.reload")
    phase_is("uplink.release.back.files")
    phase_is("uplink.release") # before its bridge goes, and with it all that this has
    phase_is("uplink.release.clear")
    phase_is("uplink.files.remove")
    phase_is("uplink.files.prune")
    phase_is("uplink.reload.after")
    phase_is("uplink.keep.after")
    phase_is("uplink.forget")
    phase_is("uplink.forget.folder")
    link_phases("link.del.upper")
    link_phases("link.del") # when nothing leads to it
    phase_is("wireguard.set") # the UDP port may be that of what has just gone
    phase_is("wireguard.del")
    phase_is("nft.unload") # when there is nothing left to reach
    phase_is("nft.forget")
    phase_is("sysctl.back") # forwarding goes last
    phase_is("sysctl.forget")

    # ---- Docker, over links that are there
    phase_is("guard.commit") # of a guarded change, what follows waits for its commit: what lasts over a boot, and what takes long
    phase_is("network.make")
    phase_is("network.rejoin") # the containers of one that was made anew, before others get their addresses
    phase_is("default-route.aside.endpoint.join") # as above
    phase_is("endpoint.leave.to.change") # Docker changes no address in place
    phase_is("endpoint.join")
    phase_is("endpoint.announce") # it has its address
    phase_is("container.start")
    phase_is("interface.add")
    phase_is("interface.host")
    phase_is("interface.drop")
    phase_is("interface.words") # a MAC is set while the link is down
    phase_is("interface.addresses")
    phase_is("interface.sysctls") # arp_notify tells the LAN when the link comes up
    phase_is("interface.up")
    phase_is("interface.routes") # need the link up
    phase_is("interface.back.items")
    phase_is("interface.announce")
    phase_is("default-route.set") # after all that may move it
    phase_is("iptables.del")
    phase_is("iptables.add") # Docker has made its chains
    phase_is("hosts.write") # containers have their addresses
    phase_is("network.let.out") # Docker has made its chains

    # ---- this program, and what starts it after a boot
    phase_is("program.put")
    phase_is("systemd.back.reload")
    phase_is("service.put")
    phase_is("service.back.prune")
    phase_is("service.enable")
    phase_is("systemd.reload") # systemd has read the services before one starts
    phase_is("service.back.stop") # Docker starts them when it starts
    phase_is("networkd.put")
    phase_is("daemon.record")
    phase_is("daemon.put") # what brings it back after a power cut is there by now, and no network of Docker's yet
    phase_is("daemon.load")
    phase_is("daemon.settle")
    phase_is("daemon.record.back")
    phase_is("watch.start") # when all that it keeps is there
    phase_is("watch.restart")
    phase_is("service.stop") # it would put back what goes
    phase_is("service.disable")
    phase_is("systemd.back.reload.after.removal")
    phase_is("service.back.enable")
    phase_is("service.remove")
    phase_is("systemd.reload.after.removal")
    phase_is("service.prune")
    phase_is("networkd.remove")
    phase_is("networkd.prune")
    phase_is("uplink.hook.remove")
    phase_is("daemon.back.put") # Docker starts what stands in no unit of systemd any more, which would start anew with it
    phase_is("daemon.back.load")
    phase_is("daemon.back.settle")
    phase_is("private-key.make")
    phase_is("private-key.remove") # is not put back: after all that may fail
    phase_is("private-key.prune")
    phase_is("link.veth.del") # its other end is lost, and cannot be put back: after all that may fail
}

function phase_is(name) {
    PHASE[name] = ++phase_count
}

# of a link that goes, and all that lies on it
function link_phases(name) {
    phase_is(name)
    phase_is(name ".back.sysctls")
    phase_is(name ".back.routes")
    phase_is(name ".back.fdb")
    phase_is(name ".back.neigh")
    phase_is(name ".back.addr")
    phase_is(name ".back.ports")
    phase_is(name ".back.up")
    phase_is(name ".back.wireguard") # its port, before it is up
    phase_is(name ".back.words")
    phase_is(name ".back.add")
}

function phase_number(name) {
    if (!(name in PHASE)) {
        print "crosshost: no phase has the name `" name "`" > "/dev/stderr"
        exit 1
    }
    return PHASE[name]
}
