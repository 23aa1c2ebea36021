# shellcheck shell=sh
# Who on a LAN has an address: asked by ARP probes, which claim no address and teach nobody ours (RFC 5227, 2.1.1), so that
# nothing is changed, here or elsewhere. By perl where it is, since there are two programs called arping.

# Sends to all twice, and takes for an answer whatever is said in the name of an address: `answer ADDRESS MAC`.
# shellcheck disable=SC2016 # what looks like the shell's is perl's
ask_program='
my ($index, $mac, @asked) = @ARGV;
my %asked = map { $_ => 1 } @asked;
my $own = pack "H12", $mac =~ tr/://dr;
my ($packet, $raw, $arp) = (17, 3, 0x0806);
socket(my $socket, $packet, $raw, unpack "n", pack "S", $arp) or die "$!\n";
my $link = pack "S n i x12", $packet, $arp, $index;
bind $socket, $link or die "$!\n";
for my $round (1, 2) {
    for (sort keys %asked) {
        my $probe = pack "n n C C n a6 x4 x6 C4", 1, 0x0800, 6, 4, 1, $own, split /\./;
        send $socket, "\xff" x 6 . $own . pack("n", $arp) . $probe, 0, $link or die "$!\n";
    }
    my $left = 0.6;
    while ($left > 0) {
        vec(my $readable = "", fileno $socket, 1) = 1;
        (my $count, $left) = select $readable, undef, undef, $left;
        last if $count <= 0;
        recv $socket, my $frame, 2048, 0;
        my ($type, $from, $address) = unpack "x12 n x8 a6 a4", $frame;
        $address = join ".", unpack "C4", $address;
        next if $type != $arp || $from eq $own || !delete $asked{$address};
        print "answer $address ", join(":", unpack "(H2)6", $from), "\n";
    }
}
'

# one line for each that is in use, or one that says why nobody can be asked
ask() {
    link=$1
    shift
    if [ ! -e "/sys/class/net/$link" ]; then
        echo "cannot there is no link $link yet"
    elif [ "$(cat "/sys/class/net/$link/carrier" 2>/dev/null)" != 1 ]; then
        echo "cannot $link is down"
    elif command -v perl >/dev/null 2>&1; then
        perl -e "$ask_program" "$(cat "/sys/class/net/$link/ifindex")" "$(cat "/sys/class/net/$link/address")" "$@" ||
            echo "cannot perl could not reach it"
    elif command -v arping >/dev/null 2>&1; then
        for address in "$@"; do
            arping -D -c 2 -w 2 -I "$link" "$address" | sed -n "s/^Unicast .*\[\([0-9A-Fa-f:]*\)\].*/answer $address \1/p" &
        done
        wait
    else
        echo "cannot neither perl nor arping is installed: apt install iputils-arping"
    fi
    echo asked
}

check_asked() {
    shift
    check_name "$1" link
    shift
    for address in "$@"; do
        case $address in
            *[!0-9.]*) die "address \"$address\": must be an IPv4 address" ;;
        esac
    done
}
