package dev.pounce.detection.language;

import java.util.Map;

/** Ports that may be given by name; from IANA's registry, those that rules are likely to name. */
final class ServiceNames {

    private static final Map<String, Integer> PORTS = Map.ofEntries(
            Map.entry("ftp-data", 20),
            Map.entry("ftp", 21),
            Map.entry("ssh", 22),
            Map.entry("telnet", 23),
            Map.entry("smtp", 25),
            Map.entry("time", 37),
            Map.entry("whois", 43),
            Map.entry("domain", 53),
            Map.entry("bootps", 67),
            Map.entry("bootpc", 68),
            Map.entry("tftp", 69),
            Map.entry("finger", 79),
            Map.entry("http", 80),
            Map.entry("www", 80),
            Map.entry("kerberos", 88),
            Map.entry("pop3", 110),
            Map.entry("sunrpc", 111),
            Map.entry("ident", 113),
            Map.entry("nntp", 119),
            Map.entry("ntp", 123),
            Map.entry("imap2", 143),
            Map.entry("imap", 143),
            Map.entry("snmp", 161),
            Map.entry("snmp-trap", 162),
            Map.entry("bgp", 179),
            Map.entry("irc", 194),
            Map.entry("ldap", 389),
            Map.entry("https", 443),
            Map.entry("microsoft-ds", 445),
            Map.entry("submission", 587),
            Map.entry("submissions", 465),
            Map.entry("syslog", 514),
            Map.entry("ldaps", 636),
            Map.entry("rsync", 873),
            Map.entry("imaps", 993),
            Map.entry("pop3s", 995),
            Map.entry("socks", 1080),
            Map.entry("openvpn", 1194),
            Map.entry("ms-sql-s", 1433),
            Map.entry("mqtt", 1883),
            Map.entry("nfs", 2049),
            Map.entry("mysql", 3306),
            Map.entry("ms-wbt-server", 3389),
            Map.entry("svn", 3690),
            Map.entry("sip", 5060),
            Map.entry("sip-tls", 5061),
            Map.entry("xmpp-client", 5222),
            Map.entry("mdns", 5353),
            Map.entry("postgresql", 5432),
            Map.entry("amqp", 5672),
            Map.entry("amqps", 5671),
            Map.entry("x11", 6000),
            Map.entry("redis", 6379),
            Map.entry("ircd", 6667),
            Map.entry("ircs-u", 6697),
            Map.entry("http-alt", 8080),
            Map.entry("git", 9418));

    private ServiceNames() {}

    static Map<String, Integer> ports() {
        return PORTS;
    }
}
