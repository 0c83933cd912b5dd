package sirocco.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFilesTest {
    @TempDir
    Path folder;

    @Test
    void writesAndReplacesFiles() throws IOException {
        Path file = folder.resolve("new/text");
        AtomicFiles.writeText(file, "eins");
        AtomicFiles.writeText(file, "zwölf");
        assertEquals("zwölf", Files.readString(file));
        assertEquals(List.of("text"), names(file.getParent()));
    }

    @Test
    void aFullDiskLeavesTheOldFileWhole() throws IOException {
        Path file = folder.resolve("text");
        AtomicFiles.writeText(file, "old");
        IOException e = assertThrows(IOException.class, () -> AtomicFiles.write(file, channel -> {
            channel.write(ByteBuffer.wrap(new byte[100]));
            assertEquals("old", Files.readString(file));
            throw new IOException("No space left on device");
        }));
        assertTrue(e.getMessage().contains(file.toString()) && e.getMessage().contains("No space left"), e.getMessage());
        assertEquals("old", Files.readString(file));
        assertEquals(List.of("text"), names(folder));
    }

    @Test
    void saysWhyAPlaceIsImpossible() throws IOException {
        AtomicFiles.writeText(folder.resolve("file"), "");
        IOException below = assertThrows(IOException.class, () -> AtomicFiles.writeText(folder.resolve("file/below"), "x"));
        assertTrue(below.getMessage().contains("file/below"), below.getMessage());
        Files.createDirectories(folder.resolve("dir/full"));
        assertThrows(IOException.class, () -> AtomicFiles.writeText(folder.resolve("dir"), "x"));
        assertTrue(Files.isDirectory(folder.resolve("dir/full")));
        assertEquals(List.of("dir", "file"), names(folder));
    }

    @Test
    void replacesAWholeFolder() throws IOException {
        Path target = folder.resolve("model");
        AtomicFiles.writeFolder(target, f -> Files.writeString(Files.createDirectory(f.resolve("sub")).resolve("a"), "1"));
        AtomicFiles.writeFolder(target, f -> Files.writeString(f.resolve("b"), "2"));
        assertEquals(List.of("b"), names(target));
        assertEquals(List.of("model"), names(folder));
    }

    @Test
    void aFailureLeavesTheOldFolderWhole() throws IOException {
        Path target = folder.resolve("model");
        AtomicFiles.writeFolder(target, f -> Files.writeString(f.resolve("a"), "1"));
        assertThrows(IOException.class, () -> AtomicFiles.writeFolder(target, f -> {
            Files.writeString(f.resolve("a"), "2");
            throw new IOException("No space left on device");
        }));
        assertThrows(IllegalStateException.class, () -> AtomicFiles.writeFolder(target, f -> {
            throw new IllegalStateException();
        }));
        assertEquals("1", Files.readString(target.resolve("a")));
        assertEquals(List.of("model"), names(folder));
    }

    @Test
    void recoversAFolderAfterAKillBetweenTheMoves() throws IOException {
        Path target = folder.resolve("model");
        Path aside = folder.resolve(".model.old");
        Files.writeString(Files.createDirectory(aside).resolve("a"), "old");
        AtomicFiles.recoverFolder(target);
        assertEquals("old", Files.readString(target.resolve("a")));
        Files.writeString(Files.createDirectory(aside).resolve("a"), "older");
        AtomicFiles.recoverFolder(target);
        assertEquals("old", Files.readString(target.resolve("a")));
        assertEquals(List.of("model"), names(folder));
    }

    @Test
    void sweepsOnlyWhatTheDeadLeft() throws IOException, InterruptedException {
        Process gone = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(), "-version").redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD).start();
        gone.waitFor();
        Path dead = folder.resolve(".a.safetensors." + gone.pid() + "-1.tmp");
        Files.writeString(Files.createDirectory(dead).resolve("x"), "");
        Path alive = folder.resolve(".a.safetensors." + ProcessHandle.current().pid() + "-1.tmp");
        Files.writeString(alive, "");
        Files.writeString(folder.resolve(".mine.tmp"), "");
        AtomicFiles.sweep(folder);
        assertFalse(Files.exists(dead));
        assertEquals(List.of(alive.getFileName().toString(), ".mine.tmp").stream().sorted().toList(), names(folder));
    }

    @Test
    void deletesLinksWithoutFollowingThem() throws IOException {
        Path kept = Files.writeString(Files.createDirectory(folder.resolve("kept")).resolve("a"), "1");
        Path tree = Files.createDirectory(folder.resolve("tree"));
        Files.createSymbolicLink(tree.resolve("link"), kept.getParent());
        AtomicFiles.deleteTree(tree);
        AtomicFiles.deleteTree(tree);
        assertTrue(Files.exists(kept));
        assertFalse(Files.exists(tree));
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.map(p -> p.getFileName().toString()).sorted().toList();
        }
    }
}
