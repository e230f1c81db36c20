import com.google.gson.Gson;
import de.safe_ev.transparenzsoftware.verification.format.ocmf.OCMFVerificationParser;
import de.safe_ev.transparenzsoftware.verification.result.IntrinsicVerified;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.Map;

/** Prints what SAFE's Transparenzsoftware says of each line of a file by a key (SubjectPublicKeyInfo, hex): one line of JSON each. */
public class CheckRecords {
    public static void main(String[] arguments) throws Exception {
        var key = HexFormat.of().parseHex(arguments[1]);
        var parser = new OCMFVerificationParser();
        for (var record : Files.readAllLines(Path.of(arguments[0]))) {
            var result = parser.parseAndVerify(record, key, IntrinsicVerified.NOT_VERIFIED);
            var errors = result.getErrorMessages().stream().map(error -> error.getMessage()).toList();
            System.out.println(new Gson().toJson(Map.of(
                "verified", result.isVerified(),
                "wholeTransaction", result.isTransactionResult(),
                "errors", errors)));
        }
    }
}
