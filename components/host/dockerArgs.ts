// Types alone: what users' programs are typed by loads no library.
export interface DockerPool {
    /** IPv4 network that is divided, such as 10.200.0.0/16. */
    base: string;
    /** Prefix length of each of its parts, one for a network. */
    size: number;
}

export interface DockerArgs {
    /**
     * Address and prefix length of `docker0`, such as 10.10.1.1/24: containers on Docker's default network
     * get the others of its network. Default: Docker chooses, mostly 172.17.0.1/16. Changed in place, by
     * a restart of Docker.
     */
    bip?: string;
    /**
     * Part of `bip`'s network that containers on the default network get their addresses from. Default:
     * all of it. Changed in place, by a restart of Docker.
     */
    fixedCidr?: string;
    /**
     * Address in `bip`'s network that containers on the default network use as their gateway. Default:
     * that of `docker0`. Changed in place, by a restart of Docker.
     */
    defaultGateway?: string;
    /**
     * MTU in bytes of the default network, 576 to 65535. Default: Docker's, 1500. Changed in place, by a
     * restart of Docker.
     */
    mtu?: number;
    /**
     * Ranges from which Docker gives a subnet to networks that are created without one. Default: Docker's own,
     * 172.17.0.0 to 172.31.255.255 and 192.168.0.0/16. Changed in place, by a restart of Docker; networks that exist
     * keep theirs.
     */
    defaultAddressPools?: DockerPool[];
    /**
     * Containers go on running while Docker is restarted. Not with a swarm. Default: Docker's, `false`.
     * Changed in place: Docker reloads it.
     */
    liveRestore?: boolean;
    /**
     * A process for each published port, for connections from the host itself. Default: Docker's, `true`.
     * Changed in place, by a restart of Docker.
     */
    userlandProxy?: boolean;
    /**
     * `false`: Docker makes no iptables rules. It then isolates no networks, masquerades nothing, and publishes
     * ports only by `userlandProxy`. Default: Docker's, `true`. Changed in place, by a restart of Docker.
     */
    iptables?: boolean;
    /**
     * Addresses of the name servers for containers, IPv4 or IPv6. Default: those of the host. Changed in
     * place, by a restart of Docker; containers take them over when they are next started.
     */
    dns?: string[];
    /**
     * Log driver of containers that do not set one. Default: Docker's, `json-file`. Changed in place, by a
     * restart of Docker; containers that exist keep theirs.
     */
    logDriver?: string;
    /**
     * Mirrors of Docker Hub, such as https://mirror.example. Default: no mirror. Changed in place: Docker
     * reloads it.
     */
    registryMirrors?: string[];
    /**
     * Registries that are reached without TLS or with any certificate: `HOST:PORT`, or networks. Default:
     * none but the host's own loopback. Changed in place: Docker reloads it.
     */
    insecureRegistries?: string[];
    /**
     * Other machines may reach addresses of containers by a route, and ports that are not published. Needs
     * Docker 28.2. Default: Docker's, `false`. Changed in place, by a restart of Docker.
     */
    allowDirectRouting?: boolean;
    /**
     * Docker leaves the policy of iptables' FORWARD chain as it is when it switches forwarding on. Needs
     * Docker 28.0. Default: Docker's, `false`, which sets it to drop. Changed in place, by a restart of Docker.
     */
    ipForwardNoDrop?: boolean;
    /**
     * Which rules Docker makes. `nftables` needs Docker 29.0, and a host that forwards packets already.
     * Default: Docker's, `iptables`. Changed in place, by a restart of Docker.
     */
    firewallBackend?: "iptables" | "nftables";
}
