//! The floor of a design on the csv crate: reads every record and writes it back.

fn main() -> std::io::Result<()> {
    floors::converse(|body, reply| {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(body);
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(reply);
        let mut record = csv::ByteRecord::new();
        while reader.read_byte_record(&mut record).expect("any bytes are CSV") {
            writer.write_byte_record(&record).expect("memory takes every write");
        }
    })
}
