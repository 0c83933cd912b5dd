package sirocco.train;

import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Where a setting is in a tree of records.
 *
 * @param names of the record components from the root to the leaf, as in {@code optimizer}, {@code adam}, {@code beta1}
 * @param flat the name in the flat form, unique in the tree
 * @param type of the leaf
 * @param help the description
 */
public record SettingPath(List<String> names, String flat, Class<?> type, String help) {
    /** All settings of a tree, in the order of the records' components. */
    public static List<SettingPath> of(Class<?> root) {
        List<SettingPath> all = new ArrayList<>();
        collect(root, List.of(), all);
        return List.copyOf(all);
    }

    private static void collect(Class<?> type, List<String> above, List<SettingPath> all) {
        for (RecordComponent c : type.getRecordComponents()) {
            List<String> names = Stream.concat(above.stream(), Stream.of(c.getName())).toList();
            if (c.getType().isRecord()) {
                collect(c.getType(), names, all);
            } else {
                Setting setting = c.getAnnotation(Setting.class);
                all.add(new SettingPath(names, setting.flat().isEmpty() ? c.getName() : setting.flat(), c.getType(), setting.value()));
            }
        }
    }

    /** The path with dots between its names. */
    public String text() {
        return String.join(".", names);
    }

    /** Of {@code all}, the path that is the most alike to one that does not exist. */
    static SettingPath nearest(String unknown, List<SettingPath> all) {
        return all.stream().min(Comparator.comparingInt((SettingPath p) -> p.distance(unknown)).thenComparing(p -> edits(unknown, p.text()))).orElseThrow();
    }

    /** Edits from a text to the whole path, or to the name alone: a setting may have been looked for in another section. */
    private int distance(String text) {
        String name = text.substring(text.lastIndexOf('.') + 1);
        return Math.min(edits(text, text()), Math.min(edits(name, names.getLast()), edits(name, flat)));
    }

    /** The Levenshtein distance, without regard to case and hyphens. */
    private static int edits(String a, String b) {
        String from = a.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
        String to = b.toLowerCase(Locale.ROOT).replace("-", "").replace("_", "");
        int[] row = new int[to.length() + 1];
        Arrays.setAll(row, i -> i);
        for (int i = 1; i <= from.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= to.length(); j++) {
                int replaced = diagonal + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(replaced, 1 + Math.min(row[j], row[j - 1]));
            }
        }
        return row[to.length()];
    }
}
