import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Properties;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringSerializer;

/** Writes the lines of a file in compressed transactions: one that is aborted, and one that is not. */
public class TransactionalProducer {
    public static void main(String[] args) throws Exception {
        String servers = args[0], topic = args[1], codec = args[2];
        List<String> lines = Files.readAllLines(Path.of(args[3]));
        Properties options = new Properties();
        options.put("bootstrap.servers", servers);
        options.put("transactional.id", topic + "-" + codec);
        options.put("compression.type", codec);
        options.put("linger.ms", "200");
        options.put("batch.size", "200000");
        try (var producer = new KafkaProducer<>(options, new StringSerializer(), new StringSerializer())) {
            producer.initTransactions();
            for (boolean kept : List.of(false, true)) {
                producer.beginTransaction();
                for (int i = 0; i < lines.size(); i++) {
                    producer.send(new ProducerRecord<>(topic, "card-" + i % 9, lines.get(i)));
                }
                producer.flush();
                if (kept) {
                    producer.commitTransaction();
                } else {
                    producer.abortTransaction();
                }
            }
        }
    }
}
