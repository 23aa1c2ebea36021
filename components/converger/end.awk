# Variables from the shell: mode (plan, observe or state), verb, stack, me, among, restarted, phase (of boot), round, verifying, has_docker,
# has_iptables, has_nft, has_wg, has_wg_go, interfaces, client, connection, guarded, program, version, lib_dir, run_dir, journal_dir, systemd_dir; for observe journal, stamps, taken, socket, has_perl.

END {
    take_units()
    if (user_id() != 0)
        refuse("commands run there as " user_name() ", who is not root: set become: \"sudo\"")
    else
        observe_host()
    if (mode == "state")
        say_state()
    else if (mode == "observe" && !refusals)
        say_observed()
    else if (!refusals)
        status = plan()
    for (i = 1; i <= refusals; i++)
        print "crosshost: refused: " (me == "" || me == stack ":*" ? "" : "unit " substr(me, length(stack) + 2) ": ") refusal[i] > "/dev/stderr"
    exit refusals ? 2 : status
}
