//! The command line, as a person types it.

use std::io::Write;
use std::process::{Command, Output, Stdio};

use tempfile::NamedTempFile;

const SAMPLE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/data/sample_stream_dns.ndjson");

fn dnsentropy(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_dnsentropy")).args(arguments).output().expect("the program starts")
}

fn printed(arguments: &[&str]) -> String {
    let output = dnsentropy(arguments);
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// What the program prints on standard error when it fails.
fn failure(arguments: &[&str]) -> String {
    let output = dnsentropy(arguments);
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).expect("UTF-8")
}

/// The cells of the rows of a printed table that begin with `start`.
fn rows<'p>(printed: &'p str, start: &str) -> Vec<Vec<&'p str>> {
    let cells = printed.lines().map(|line| line.trim_matches('|').split_whitespace().collect::<Vec<_>>());
    cells.filter(|cells| cells.first() == Some(&start)).collect()
}

fn file(content: &str) -> NamedTempFile {
    let mut file = NamedTempFile::new().expect("a file");
    file.write_all(content.as_bytes()).expect("written");
    file
}

fn path(file: &NamedTempFile) -> &str {
    file.path().to_str().expect("UTF-8")
}

#[test]
fn the_exfiltration_in_the_sample_comes_first() {
    let printed = printed(&["hunt", SAMPLE]);
    let groups = printed.split("stdev_sublen").nth(1).expect("the second table");
    let top: Vec<&str> = groups.lines().filter(|line| line.contains("10.0")).take(2).collect();
    for (line, expected) in top.iter().zip([
        ["hildegardsfarm.com", "10.0.2.109", "208.109.255.42", "444", "3.62", "16.0000", "0.0000"],
        ["hildegardsfarm.com", "10.0.2.109", "216.69.185.42", "406", "3.63", "16.0000", "0.0000"],
    ]) {
        let cells: Vec<&str> = line.trim_matches('|').split_whitespace().collect();
        let entropy: f64 = cells[4].parse().expect("a number");
        let rounded = format!("{entropy:.2}");
        assert_eq!([&cells[..4], &[rounded.as_str()], &cells[5..]].concat(), expected);
    }
    assert_eq!(top.len(), 2);
}

#[test]
fn the_hunt_reads_plain_ndjson_and_csv() {
    let ndjson = file(
        "{\"query\":[\"a1.evil.com\",\"a1.evil.com\"],\"src\":\"10.0.0.1\",\"dest\":\"1.1.1.1\"}\n\n\
         {\"query\":\"a.evil.com\",\"src\":\"10.0.0.1\",\"dest\":\"1.1.1.1\",\"n\":5,\"message_type\":[\"QUERY\",\"x\"]}\n\
         {\"query\":\"b.evil.com\",\"src\":\"10.0.0.1\",\"dest\":\"1.1.1.1\",\"message_type\":\"RESPONSE\"}\n",
    );
    let csv =
        file("src,dest,query\n10.0.0.1,1.1.1.1,\"a1.evil.com\na1.evil.com\"\n10.0.0.1,1.1.1.1,a.evil.com\n");
    for file in [ndjson, csv] {
        let printed = printed(&["hunt", path(&file)]);
        let expected = [["evil.com", "10.0.0.1", "1.1.1.1", "2", "0.5000", "1.5000", "0.7071"]];
        let rows: Vec<Vec<&str>> = rows(&printed, "evil.com")
            .into_iter()
            .map(|row| row.into_iter().filter(|cell| *cell != "|").collect())
            .collect();
        assert_eq!(rows, expected, "{printed}");
    }
}

/// A file of one event in the words of a source, and its name and client.
const OF_SOURCES: [(&str, &str); 22] = [
    (
        "stream",
        r#"{"query":["<name>","<name>"],"src_ip":"10.0.0.1","dest_ip":"1.1.1.1","query_type":"TXT","message_type":["QUERY"]}"#,
    ),
    (
        "zeek",
        r#"{"query":"<name>","id.orig_h":"10.0.0.1","id.resp_h":"1.1.1.1","qtype_name":"TXT","qtype":16,"rcode":0}"#,
    ),
    (
        "suricata 2",
        r#"{"event_type":"dns","src_ip":"10.0.0.1","dest_ip":"1.1.1.1","dns":{"type":"query","rrname":"<name>","rrtype":"TXT"}}"#,
    ),
    (
        "suricata 3",
        r#"{"src_ip":"10.0.0.1","dest_ip":"1.1.1.1","dns":{"type":"request","queries":[{"rrname":"<name>","rrtype":"TXT"}]}}"#,
    ),
    (
        "suricata answer",
        r#"{"src_ip":"1.1.1.1","src_port":53,"dest_ip":"10.0.0.1","dest_port":4711,"dns":{"type":"answer","rrname":"<name>","rrtype":"TXT"}}"#,
    ),
    ("windows", r#"{"QNAME":"<name>.","Source":"10.0.0.1","InterfaceIP":"1.1.1.1","QTYPE":"TXT"}"#),
    (
        "route53",
        r#"{"query_name":"<name>.","srcaddr":"10.0.0.1","vpc_id":"1.1.1.1","query_type":"TXT","answers":[{"Rdata":"x"}]}"#,
    ),
    (
        "umbrella",
        r#"{"domain":"<name>.","internal_ip":"10.0.0.1","dest":"1.1.1.1","query_type":"TXT","response_code":"NOERROR"}"#,
    ),
    (
        "sysmon",
        r#"{"QueryName":"<name>","Computer":"10.0.0.1","dest":"1.1.1.1","record_type":"TXT","QueryStatus":"0"}"#,
    ),
    (
        "crowdstrike",
        r#"{"DomainName":"<name>","ComputerName":"10.0.0.1","aip":"192.0.2.1","RespondingDnsServer":"1.1.1.1","RequestType":"TXT"}"#,
    ),
    (
        "sentinel",
        r#"{"Name":"<name>","ClientIP":"10.0.0.1","Computer":"1.1.1.1","QueryType":"TXT","SubType":"LookupQuery"}"#,
    ),
    (
        "paloalto",
        r#"{"RequestURL":"<name>","SourceIP":"10.0.0.1","PanOSDNSResolverIP":"1.1.1.1","PanOSRecordType":"TXT"}"#,
    ),
    (
        "gcp",
        r#"{"jsonPayload":{"queryName":"<name>.","sourceIP":"10.0.0.1","destinationIP":"1.1.1.1","queryType":"TXT"}}"#,
    ),
    (
        "azure",
        r#"{"QueryName":"<name>","SourceIpAddress":"10.0.0.1","DestinationIpAddress":"1.1.1.1","QueryType":"TXT"}"#,
    ),
    ("fortigate", r#"{"qname":"<name>","srcip":"10.0.0.1","dstip":"1.1.1.1","qtype":"TXT","qtypeval":16}"#),
    (
        "dnstap",
        r#"{"dns.qname":"<name>","network.query-ip":"10.0.0.1","network.response-ip":"1.1.1.1","dns.qtype":"TXT","dnstap.operation":"CLIENT_QUERY"}"#,
    ),
    (
        "ocsf",
        r#"{"query":{"hostname":"<name>","type":"TXT"},"src_endpoint":{"ip":"10.0.0.1"},"dst_endpoint":{"ip":"1.1.1.1"},"activity_id":6}"#,
    ),
    (
        "ecs",
        r#"{"dns":{"type":"answer","question":{"name":"<name>","type":"TXT"}},"source":{"ip":"10.0.0.1"},"destination":{"ip":"1.1.1.1"}}"#,
    ),
    (
        "udm",
        r#"{"network":{"dns":{"questions":[{"name":"<name>","type":"TXT"}]}},"principal":{"ip":["10.0.0.1"]},"target":{"ip":["1.1.1.1"]}}"#,
    ),
    ("upper case", r#"{"QUERY":"<name>","SRC":"10.0.0.1","Dest":"1.1.1.1","Record_Type":"TXT"}"#),
    (
        "under result",
        r#"{"result":{"dns.rrname":"<name>","src_ip":"10.0.0.1","dest_ip":"1.1.1.1","dns.rrtype":"TXT"}}"#,
    ),
    ("CSV", "dns.queries{}.rrname,src_ip,dest_ip,dns.queries{}.rrtype\n<name>,10.0.0.1,1.1.1.1,TXT"),
];

#[test]
fn the_hunt_finds_the_fields_of_every_source() {
    for (source, event) in OF_SOURCES {
        let printed = printed(&["hunt", path(&file(&event.replace("<name>", "a1b2.evil.com")))]);
        let cells = rows(&printed, "evil.com");
        assert_eq!(cells.len(), 1, "{source}: {printed}");
        assert_eq!(cells[0][..4], ["evil.com", "10.0.0.1", "1.1.1.1", "1"], "{source}");
        let query = printed.lines().find(|line| line.contains("a1b2")).expect("the query");
        assert!(query.trim_end_matches('|').trim_end().ends_with("TXT"), "{source}: {query}");
    }
}

#[test]
fn the_hunt_reads_logs_of_zeek() {
    let header = "#separator \\x09\n#path\tdns\n#fields\tts\tid.orig_h\tid.resp_h\tquery\tqtype_name\n#types\ttime\taddr\taddr\tstring\tstring\n";
    let log = file(&format!(
        "{header}1.5\t10.0.0.1\t1.1.1.1\ta1.evil.com\tTXT\n2.5\t10.0.0.1\t1.1.1.1\t-\t-\n#close\tnow\n"
    ));
    let printed = printed(&["hunt", path(&log)]);
    assert_eq!(rows(&printed, "evil.com")[0][..4], ["evil.com", "10.0.0.1", "1.1.1.1", "1"], "{printed}");
    assert!(printed.starts_with("2 queries, 1 with a subdomain"), "{printed}");
    let broken = file(&format!("{header}1.5\t10.0.0.1\n"));
    let expected =
        format!("dnsentropy: {}, line 5: the number of cells is 2, but #fields has 5\n", path(&broken));
    assert_eq!(failure(&["hunt", path(&broken)]), expected);
}

#[test]
fn an_option_names_a_field_of_any_path() {
    let event = r#"{"my":{"names":[{"n":"a.evil.com"}]},"query":"b.other.com","src":"10.0.0.9","who":"10.0.0.1","dest":"1.1.1.1"}"#;
    let file = file(event);
    for field in ["my.names.n", "my.names{}.n", "MY.names.n"] {
        let printed = printed(&["hunt", path(&file), "--field", field, "--src", "who"]);
        let row = rows(&printed, "evil.com").remove(0);
        assert_eq!([row[1], row[2]], ["10.0.0.1", "1.1.1.1"], "{printed}");
        assert!(!printed.contains("other.com"), "{printed}");
    }
}

#[test]
fn answers_count_if_a_file_has_nothing_else() {
    let query = r#"{"query":"a.evil.com","src":"10.0.0.1","dest":"1.1.1.1","message_type":"Query"}"#;
    let answer = r#"{"query":"a.evil.com","src":"10.0.0.1","dest":"1.1.1.1","message_type":"RESPONSE"}"#;
    for (lines, count) in [(format!("{query}\n{answer}\n"), "1"), (format!("{answer}\n{answer}\n"), "2")] {
        let printed = printed(&["hunt", path(&file(&lines))]);
        let row = rows(&printed, "evil.com").remove(0);
        assert_eq!(row[3], count, "{printed}");
    }
}

#[test]
fn events_without_client_or_resolver_are_grouped_too() {
    for (content, group) in [
        ("query,src\na1.evil.com,10.0.0.1\na2.evil.com,10.0.0.1\n", ["10.0.0.1", "-", "2"]),
        ("query,dest\na1.evil.com,1.1.1.1\n", ["-", "1.1.1.1", "1"]),
        ("query\na1.evil.com\n", ["-", "-", "1"]),
        ("query,src,dest\na1.evil.com,10.0.0.1,\n", ["10.0.0.1", "-", "1"]),
    ] {
        let printed = printed(&["hunt", path(&file(content))]);
        assert_eq!(rows(&printed, "evil.com")[0][1..4], group, "{printed}");
        assert!(printed.contains("\n1 groups by domain"), "{printed}");
    }
}

#[test]
fn windows_answers_are_not_counted() {
    let debug = "questionname,questiontype,src_ip,direction\na.evil.com,TXT,10.0.0.1,Rcv\na.evil.com,TXT,10.0.0.1,Snd\n";
    let analytical = "QNAME,QTYPE,Source,EventID\na.evil.com.,16,10.0.0.1,256\na.evil.com.,16,10.0.0.1,257\n";
    for lines in [debug, analytical] {
        let printed = printed(&["hunt", path(&file(lines))]);
        assert_eq!(rows(&printed, "evil.com")[0][..4], ["evil.com", "10.0.0.1", "-", "1"], "{printed}");
    }
}

#[test]
fn the_hunt_says_that_no_field_holds_a_name() {
    let printed = printed(&["hunt", path(&file("{\"domain\":\"CORP\",\"user\":\"x\"}\n"))]);
    assert!(printed.contains("no event has a field that a known source uses for the DNS name"), "{printed}");
}

#[test]
fn errors_of_the_hunt_say_what_is_wrong() {
    let broken = file("{\"query\":\"a.com\"}\n{\"query\":\n");
    let fine = file("{\"query\":\"a.com\"}\n");
    for (arguments, problem) in [
        (&["hunt", "/no/such/file"][..], "cannot read /no/such/file"),
        (
            &["hunt", path(&broken)],
            "line 2: column 9 is not valid in a JSON object: EOF while parsing a value\n",
        ),
        (&["hunt", path(&fine), "--list", "none"], "dnsentropy: list=none is unknown: use mozilla"),
    ] {
        let errors = failure(arguments);
        assert!(errors.starts_with("dnsentropy: ") && errors.contains(problem), "{errors}");
        assert_eq!(errors.matches("dnsentropy: ").count(), 1, "{errors}");
    }
    assert!(printed(&["hunt", path(&fine), "--field", "qurey"]).contains("no event has the field 'qurey'"));
}

#[test]
fn an_error_in_a_file_names_its_line_once() {
    for (content, expected) in [
        (
            "{\"query\":\"a.com\"}\n[1]\n",
            "2: column 1 is not valid in a JSON object: invalid type: sequence, expected a map",
        ),
        ("{\"q\":1}\n\n{\"q\" 1}\n", "3: column 6 is not valid in a JSON object: expected `:`"),
        ("query,src\na,b\n\n\nc\n", "5: the number of cells is 1, but the header has 2"),
        ("query,src\n\"a\nb\",b\nc,d,e\n", "4: the number of cells is 3, but the header has 2"),
    ] {
        let file = file(content);
        let expected = format!("dnsentropy: {}, line {expected}\n", path(&file));
        assert_eq!(failure(&["hunt", path(&file)]), expected);
    }
    for (content, expected) in
        [(&b"query,src\na,b\nc,\xff\n"[..], "3: cell 2"), (b"\xff,src\na,b\n", "1: cell 1")]
    {
        let mut file = NamedTempFile::new().expect("a file");
        file.write_all(content).expect("written");
        let expected = format!("dnsentropy: {}, line {expected} is not valid UTF-8\n", path(&file));
        assert_eq!(failure(&["hunt", path(&file)]), expected);
    }
}

#[test]
fn control_characters_of_a_name_do_not_reach_the_terminal() {
    let printed = printed(&["hunt", path(&file("{\"query\":\"\\u001b[31mx.evil.com\"}\n"))]);
    assert!(!printed.contains('\u{1b}') && printed.contains("\\u{1b}[31mx.evil.com"), "{printed}");
}

#[test]
fn help_and_version() {
    let list = include_str!("../data/public_suffix_list.dat");
    let version = list.lines().find_map(|line| line.strip_prefix("// VERSION: ")).expect("a version");
    let expected = format!("dnsentropy {} (public suffix list {version})\n", env!("CARGO_PKG_VERSION"));
    assert_eq!(printed(&["--version"]), expected);
    assert!(printed(&[]).contains("Usage: dnsentropy"));
    assert_eq!(dnsentropy(&["nosuchcommand"]).status.code(), Some(2));
}

#[test]
fn a_closed_output_is_a_normal_end() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_dnsentropy"))
        .args(["hunt", SAMPLE, "--rows", "5000"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("an end");
    assert_eq!((output.stderr.as_slice(), output.status.code()), (&b""[..], Some(0)));
}
