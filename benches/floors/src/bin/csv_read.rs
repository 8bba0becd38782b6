//! The floor of the csv crate: reads every record and answers with the number of cells.

fn main() -> std::io::Result<()> {
    floors::converse(|body, reply| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
        let mut record = csv::ByteRecord::new();
        let mut cells = 0;
        while reader.read_byte_record(&mut record).expect("any bytes are CSV") {
            cells += record.len();
        }
        reply.extend_from_slice(format!("cells\n{cells}\n").as_bytes());
    })
}
