package sirocco.folder;

import java.util.Collection;
import java.util.Comparator;
import java.util.Locale;

/** Finds the word that a misspelled one was probably meant to be. */
final class Nearest {
    /** Longer words are compared by their beginnings, so that a hostile one takes no time. */
    private static final int MAX = 200;

    private Nearest() { }

    /** Returns the word with the least Levenshtein distance, case ignored; the first of several. */
    static String of(String word, Collection<String> words) {
        return words.stream().min(Comparator.comparingInt(w -> distance(word, w))).orElseThrow();
    }

    private static int distance(String one, String other) {
        String a = cut(one);
        String b = cut(other);
        int[] row = new int[b.length() + 1];
        for (int j = 0; j <= b.length(); j++) {
            row[j] = j;
        }
        for (int i = 1; i <= a.length(); i++) {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j <= b.length(); j++) {
                int substituted = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.min(substituted, Math.min(row[j], row[j - 1]) + 1);
            }
        }
        return row[b.length()];
    }

    private static String cut(String word) {
        String lower = word.toLowerCase(Locale.ROOT);
        return lower.length() <= MAX ? lower : lower.substring(0, MAX);
    }
}
