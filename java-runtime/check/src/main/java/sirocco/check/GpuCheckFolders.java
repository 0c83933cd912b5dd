package sirocco.check;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import sirocco.io.AtomicFiles;

/**
 * Where gpu-check works and where it delivers.
 *
 * @param work folder in which stages leave their files
 * @param out folder of the archive, report.md and report.json, and of nothing else
 * @param resume whether to continue what an earlier call has begun
 * @param from an archive to continue from, instead of the one in {@code out}
 */
record GpuCheckFolders(Path work, Path out, boolean resume, Optional<Path> from) {
    private static final String REPORT = "report.md";
    private static final String REPORT_JSON = "report.json";

    /**
     * Makes both ready: empties the work folder, or finds what is to be continued.
     *
     * @return what is continued, for people; empty if the run begins anew
     * @throws IOException if the work folder is somebody else's, or there is nothing to continue
     */
    Optional<String> open() throws IOException {
        Files.createDirectories(work);
        boolean ours = Files.exists(work.resolve(Ledger.STAGES)) || Files.exists(work.resolve(Ledger.DURATIONS));
        if (!ours && !files(work).isEmpty()) {
            throw new IOException("--work " + work + ": the folder has files that are not gpu-check's. Choose another one.");
        }
        Path source = from.orElse(archive());
        boolean packed = Files.exists(source);
        if (from.isPresent() && !packed) {
            throw new IOException("--continue " + source + ": no such archive");
        }
        if (!resume) {
            // Durations are worth as much to a run that begins anew.
            Path durations = work.resolve(Ledger.DURATIONS);
            byte[] remembered = Files.exists(durations) ? Files.readAllBytes(durations) : null;
            if (remembered == null && packed) {
                ReportArchive.unpack(source, work);
                remembered = Files.exists(durations) ? Files.readAllBytes(durations) : null;
            }
            empty();
            if (remembered != null) {
                Files.write(durations, remembered);
            }
            return Optional.empty();
        }
        return Optional.of(resume(source, packed));
    }

    private String resume(Path source, boolean packed) throws IOException {
        Ledger here = Ledger.read(work);
        if (!packed && here.calls() == 0) {
            throw new IOException("--continue: nothing to continue: neither " + work + " nor " + source + " has an earlier call. Leave it out.");
        }
        Path unpacked = null;
        try {
            if (packed) {
                unpacked = Files.createTempDirectory("gpu-check");
                ReportArchive.unpack(source, unpacked);
                Ledger there = Ledger.read(unpacked);
                if (there.calls() == 0) {
                    throw new IOException(source + ": not an archive of gpu-check: it has no " + Ledger.STAGES);
                }
                if (there.calls() > here.calls() || there.calls() == here.calls() && there.ended() > here.ended()) {
                    empty();
                    for (Path file : files(unpacked)) {
                        Files.copy(file, work.resolve(file.getFileName()));
                    }
                    return describe("archive " + source, there);
                }
            }
        } finally {
            if (unpacked != null) {
                AtomicFiles.deleteTree(unpacked);
            }
        }
        return describe("work folder " + work, here);
    }

    private static String describe(String what, Ledger ledger) {
        return "Continues from the " + what + ": " + ledger.calls() + (ledger.calls() == 1 ? " call, " : " calls, ") + ledger.ended() + " stages ended";
    }

    private static List<Path> files(Path folder) throws IOException {
        try (Stream<Path> all = Files.list(folder)) {
            return all.sorted().toList();
        }
    }

    private void empty() throws IOException {
        for (Path file : files(work)) {
            AtomicFiles.deleteTree(file);
        }
    }

    /** Removes what a stage has left. */
    void remove(String stage) throws IOException {
        for (Path file : files(work)) {
            if (isOf(stage, file)) {
                Files.delete(file);
            }
        }
    }

    /** Bytes of the JSON files that a stage has left. */
    long bytes(String stage) throws IOException {
        long sum = 0;
        for (Path file : files(work)) {
            sum += isOf(stage, file) && file.toString().endsWith(".json") ? Files.size(file) : 0;
        }
        return sum;
    }

    /** A file is named after its stage, or KIND-STAGE or KIND-STAGE-PART where a stage leaves files of several kinds. */
    private static boolean isOf(String stage, Path file) {
        String stem = file.getFileName().toString().replaceFirst("[.].*", "");
        return stem.equals(stage) || stem.matches("(check|bench|torch)-" + stage + "(-.*)?");
    }

    /** Names of the JSON files that were written since then. */
    List<String> writtenSince(long millis) throws IOException {
        try (Stream<Path> all = Files.list(work)) {
            return all.filter(f -> f.toString().endsWith(".json") && f.toFile().lastModified() >= millis - 1000).map(f -> f.getFileName().toString())
                    .filter(n -> !n.equals(Ledger.STAGES) && !n.equals(Ledger.DURATIONS) && !n.equals(REPORT_JSON)).sorted().toList();
        }
    }

    /** Writes the report, and packs it with everything else; the output folder's files are replaced in one step each. */
    void deliver() throws IOException {
        GpuReport report = new GpuReport(work);
        String text = report.markdown();
        String json = report.json().toPrettyString() + "\n";
        Files.writeString(work.resolve(REPORT), text);
        Files.writeString(work.resolve(REPORT_JSON), json);
        ReportArchive.pack(work, archive());
        AtomicFiles.writeText(report(), text);
        AtomicFiles.writeText(out.resolve(REPORT_JSON), json);
    }

    Path archive() {
        return out.resolve(ReportArchive.NAME);
    }

    Path report() {
        return out.resolve(REPORT);
    }
}
