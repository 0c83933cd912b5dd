package sirocco.cuda.driver;

import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.Consumer;

/** What was taken from the driver, to be given back in reverse order: all of it, whatever fails on the way. */
public final class Holdings implements AutoCloseable {
    private final Deque<Runnable> giveBack = new ArrayDeque<>();

    /** Takes over {@code thing}. */
    public <T> T hold(T thing, Consumer<? super T> release) {
        giveBack.push(() -> release.accept(thing));
        return thing;
    }

    /** Gives everything back after a failure, whose cause it is not to hide. */
    public void close(Throwable failure) {
        try {
            close();
        } catch (RuntimeException e) {
            failure.addSuppressed(e);
        }
    }

    /** Gives everything back; a second time nothing is left. */
    @Override
    public void close() {
        RuntimeException first = null;
        while (!giveBack.isEmpty()) {
            try {
                giveBack.pop().run();
            } catch (RuntimeException e) {
                if (first == null) {
                    first = e;
                } else {
                    first.addSuppressed(e);
                }
            }
        }
        if (first != null) {
            throw first;
        }
    }
}
