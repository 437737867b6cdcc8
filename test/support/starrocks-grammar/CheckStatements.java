import io.github.melin.superior.parser.starrocks.antlr4.StarRocksLexer;
import io.github.melin.superior.parser.starrocks.antlr4.StarRocksParser;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.antlr.v4.runtime.BaseErrorListener;
import org.antlr.v4.runtime.CharStream;
import org.antlr.v4.runtime.CharStreams;
import org.antlr.v4.runtime.CommonTokenStream;
import org.antlr.v4.runtime.RecognitionException;
import org.antlr.v4.runtime.Recognizer;
import org.antlr.v4.runtime.Token;
import org.antlr.v4.runtime.atn.PredictionMode;
import org.antlr.v4.runtime.misc.Interval;

/**
 * Reads texts from stdin and answers each on stdout, in their order, until stdin ends. A request: one byte (what is asked), a four-byte
 * length, so many bytes of UTF-8. An answer: a four-byte length, so many bytes of UTF-8.
 *
 * <p>'S': is it one statement? Answer: nothing if it is, else "line:column message", the column from 0 in code points. 'T': its
 * tokens; answer: a line "name from to" each, code points from 0, `to` behind the last one; or "!line:column message".
 */
public final class CheckStatements {
  /** Deep expressions are parsed by recursion. */
  private static final long STACK_BYTES = 1L << 29;

  public static void main(String[] arguments) throws InterruptedException {
    Thread thread = new Thread(null, CheckStatements::serve, "parser", STACK_BYTES);
    thread.start();
    thread.join();
  }

  private static void serve() {
    try (DataInputStream in = new DataInputStream(new BufferedInputStream(System.in, 1 << 16));
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(System.out, 1 << 16))) {
      while (true) {
        if (in.available() == 0) {
          out.flush();
        }
        int asked = in.read();
        if (asked < 0) {
          return;
        }
        String text = new String(in.readNBytes(in.readInt()), StandardCharsets.UTF_8);
        byte[] answer = answer(asked, text).getBytes(StandardCharsets.UTF_8);
        out.writeInt(answer.length);
        out.write(answer);
      }
    } catch (EOFException cutOff) {
      System.exit(2);
    } catch (IOException broken) {
      System.exit(1);
    }
  }

  private static String answer(int asked, String text) {
    try {
      if (asked == 'T') {
        return tokens(text);
      }
      // The quick way refuses some of what the grammar allows.
      return statement(text, PredictionMode.SLL) == null ? "" : orNothing(statement(text, PredictionMode.LL));
    } catch (StackOverflowError deep) {
      return "1:0 nested too deeply for the parser";
    }
  }

  private static String orNothing(String error) {
    return error == null ? "" : error;
  }

  /** Null: it is one statement. */
  private static String statement(String text, PredictionMode mode) {
    FirstError error = new FirstError();
    StarRocksParser parser = new StarRocksParser(new CommonTokenStream(lexer(text, error)));
    parser.removeErrorListeners();
    parser.addErrorListener(error);
    parser.getInterpreter().setPredictionMode(mode);
    int statements = parser.sqlStatements().singleStatement().size();
    if (error.message == null && statements != 1) {
      return "1:0 " + statements + " statements instead of one";
    }
    return error.message;
  }

  private static String tokens(String text) {
    FirstError error = new FirstError();
    StarRocksLexer lexer = lexer(text, error);
    StringBuilder lines = new StringBuilder();
    for (Token token = lexer.nextToken(); token.getType() != Token.EOF; token = lexer.nextToken()) {
      String name = lexer.getVocabulary().getSymbolicName(token.getType());
      lines.append(name == null ? lexer.getVocabulary().getLiteralName(token.getType()) : name);
      lines.append(' ').append(token.getStartIndex()).append(' ').append(token.getStopIndex() + 1).append('\n');
    }
    return error.message == null ? lines.toString() : "!" + error.message;
  }

  private static StarRocksLexer lexer(String text, FirstError error) {
    StarRocksLexer lexer = new StarRocksLexer(new UpperCase(CharStreams.fromString(text)));
    lexer.removeErrorListeners();
    lexer.addErrorListener(error);
    return lexer;
  }

  private static final class FirstError extends BaseErrorListener {
    String message = null;

    @Override
    public void syntaxError(
        Recognizer<?, ?> recognizer, Object symbol, int line, int column, String text, RecognitionException cause) {
      if (message == null) {
        message = line + ":" + column + " " + text;
      }
    }
  }

  /** The grammar knows keywords in capitals only: it is shown them so, while texts stay as they are. */
  private static final class UpperCase implements CharStream {
    private final CharStream stream;

    UpperCase(CharStream stream) {
      this.stream = stream;
    }

    @Override
    public int LA(int offset) {
      int character = stream.LA(offset);
      return character <= 0 ? character : Character.toUpperCase(character);
    }

    @Override
    public String getText(Interval interval) {
      return stream.getText(interval);
    }

    @Override
    public void consume() {
      stream.consume();
    }

    @Override
    public int mark() {
      return stream.mark();
    }

    @Override
    public void release(int marker) {
      stream.release(marker);
    }

    @Override
    public int index() {
      return stream.index();
    }

    @Override
    public void seek(int index) {
      stream.seek(index);
    }

    @Override
    public int size() {
      return stream.size();
    }

    @Override
    public String getSourceName() {
      return stream.getSourceName();
    }
  }
}
