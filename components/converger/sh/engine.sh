# shellcheck shell=sh
# What an observation asks of Docker, over the engine's own socket: its command line takes 35 ms of CPU to start and to ask once, perl 3.
# Where there is no perl, or it is not told everything, the command line is asked. What is read of the answers is the same.

# LIMIT QUESTION...: `lists`, `networks/ID`, `containers/NAME`. `silent` where the engine takes longer than LIMIT seconds, `end` behind
# all that was asked for. What is gone meanwhile is left out.
# shellcheck disable=SC2016 # what looks like the shell's is perl's
engine_program='
my ($limit, @asked) = @ARGV;
my ($unix, $stream) = (1, 1);
$SIG{ALRM} = sub { print "silent\n"; exit };
alarm $limit;
for (@asked) {
    if ($_ eq "lists") {
        my ($networks, $containers) = (told("/networks"), told("/containers/json?all=1"));
        $networks && $containers or exit;
        list_network($_) for @$networks;
        list_container($_) for @$containers;
    } elsif (/^networks/) {
        network(told("/$_") || next);
    } else {
        container(told("/$_/json") || next);
    }
}
print "end\n";

# the old protocol, as in that no answer comes in chunks
sub told {
    socket my $engine, $unix, $stream, 0 or exit;
    connect $engine, pack "S a108", $unix, "/run/docker.sock" or exit;
    syswrite $engine, "GET $_[0] HTTP/1.0\r\n\r\n" or exit;
    local ($/, $_);
    $_ = <$engine>;
    return if /^HTTP\S+ 404 /;
    /^HTTP\S+ 200 .*?\r\n\r\n/sgc or exit;
    return value();
}

# of JSON, from where the last one ended
sub value {
    return text($1) if /\G[\s,:]*"([^"\\]*(?:\\.[^"\\]*)*)"/gc;
    return $1 eq "null" ? undef : $1 if /\G[\s,:]*([-+.\w]+)/gc;
    my $object = /\G[\s,:]*\{/gc;
    $object || /\G[\s,:]*\[/gc or exit;
    my @all;
    push @all, value() until $object ? /\G\s*\}/gc : /\G\s*\]/gc;
    return $object ? { @all } : \@all;
}

sub text {
    my ($text) = @_;
    $text =~ s/\\(?:u(....)|(.))/defined $1 ? letter(hex $1) : $2 =~ tr{bfnrt}{\b\f\n\r\t}r/ge;
    return $text;
}

sub letter {
    my $letter = chr $_[0];
    utf8::encode($letter);
    return $letter;
}

# as a template of Docker has it through `urlquery`
sub plain {
    my ($text) = @_;
    $text =~ s/([^A-Za-z0-9_.~ -])/sprintf "%%%02X", ord $1/ge;
    $text =~ tr/ /+/;
    return $text;
}

sub word {
    my ($name, $value) = @_;
    return defined $value && $value ne "" ? " $name $value" : "";
}

sub mark {
    my $mark = $_[0]{crosshost};
    return defined $mark && $mark ne "" ? " mark =" . plain($mark) : "";
}

sub list_network {
    my ($net) = @_;
    print "listed-network $net->{Id} ", plain($net->{Name}), " $net->{Driver} ", $net->{Labels}{crosshost} // "", "\n";
}

sub list_container {
    my ($one) = @_;
    my $names = join ",", map s{^/}{}r, @{$one->{Names}};
    my $nets = join ",", sort keys %{$one->{NetworkSettings}{Networks}};
    my @ports = map "$_->{IP}:$_->{PublicPort}->$_->{PrivatePort}/$_->{Type}", grep $_->{PublicPort}, @{$one->{Ports}};
    print "listed-container $names $one->{State} =", plain($nets eq "" ? "-" : $nets), " id $one->{Id} mark ", $one->{Labels}{crosshost} // "",
        " ports ", join(", ", @ports), "\n";
    my ($own) = grep !m{/}, map s{^/}{}r, @{$one->{Names}};
    print "nameless $own\n" if grep $_->{Destination} eq "/etc/hosts", @{$one->{Mounts}};
}

sub network {
    my ($net) = @_;
    my @members = map $net->{Containers}{$_}, sort keys %{$net->{Containers}};
    my $options = $net->{Options};
    print "network =", plain($net->{Name}), " $net->{Driver}", (map " =" . plain($_->{Name}), @members), " /", mark($net->{Labels}),
        " id $net->{Id} running ", scalar @members, (map pool($_), @{$net->{IPAM}{Config}}),
        (map " =" . plain($_) . " =" . plain($options->{$_}), sort keys %$options), " //",
        (map " $_->{Name} $_->{IPv4Address}", grep $_->{IPv4Address} ne "", @members), "\n";
}

sub pool {
    my ($pool) = @_;
    my $aux = $pool->{AuxiliaryAddresses};
    return word("subnet", $pool->{Subnet}), word("gateway", $pool->{Gateway}), word("ip-range", $pool->{IPRange}),
        map " aux $aux->{$_} aux-name =" . plain($_), sort keys %$aux;
}

sub container {
    my ($one) = @_;
    my ($state, $config, $nets) = ($one->{State}, $one->{Config}, $one->{NetworkSettings}{Networks});
    print "container $one->{Name} $one->{Id} $state->{Running} started $state->{StartedAt}", $state->{Error} ne "" ? " failed yes" : "",
        " hostname =", plain($config->{Hostname}), " mode =", plain($one->{HostConfig}{NetworkMode}), " pid $state->{Pid}",
        mark($config->{Labels}), word("hosts", plain($one->{HostsPath})), (map endpoint($_, $nets->{$_}), sort keys %$nets), "\n";
}

sub endpoint {
    my ($net, $end) = @_;
    return " / =", plain($net), word("id", $end->{NetworkID}), mark($end->{DriverOpts}), word("ipv4", $end->{IPAMConfig}{IPv4Address}),
        word("now", $end->{IPAddress}), word("mac", $end->{MacAddress}), word("gateway", $end->{Gateway}),
        map " alias =" . plain($_), @{$end->{Aliases}};
}
'
