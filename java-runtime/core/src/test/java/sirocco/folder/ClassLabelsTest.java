package sirocco.folder;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ClassLabelsTest {
    private static final ClassLabels ANIMALS = ClassLabels.of(List.of("tench, Tinca tinca", "cat", "Cat ", "10", "dog"), OptionalInt.of(5));

    @Test
    void aClassIsFoundByNameSynonymOrNumber() {
        assertEquals(0, ANIMALS.find("tench, Tinca tinca", 6));
        assertEquals(0, ANIMALS.find("Tinca tinca", 6));
        assertEquals(0, ANIMALS.find(" tench ", 6));
        assertEquals(0, ANIMALS.find("TENCH", 6));
        assertEquals(1, ANIMALS.find("cat", 6));
        assertEquals(2, ANIMALS.find("Cat", 6), "the same letters in the same case come first");
        assertEquals(4, ANIMALS.find("4", 6));
        assertEquals(3, ANIMALS.find("10", 20), "a name that is a number");
        assertEquals(5, ANIMALS.find("5", 6), "the null class");
        assertTrue(message("CAT").contains("ambiguous (classes [1, 2])"), message("CAT"));
    }

    @Test
    void anUnknownNameIsAnsweredWithTheNearestAndTheList() {
        String message = message("dgo");
        assertTrue(message.contains("nearest name is \"dog\"") && message.contains("0 tench, Tinca tinca, 1 cat") && message.contains("0 to 5"), message);
        assertTrue(message("6").contains("0 to 5"), message("6"));
        assertTrue(message("-1").contains("0 to 5") && message("99999999999").contains("0 to 5"));
        assertTrue(message("x".repeat(1 << 20)).length() < (1 << 20));
        String numbered = assertThrows(IllegalArgumentException.class, () -> ClassLabels.NONE.find("cat", 3)).getMessage();
        assertTrue(numbered.contains("0 to 2") && numbered.contains("no class names"), numbered);
        ClassLabels many = ClassLabels.of(IntStream.range(0, 1000).mapToObj(i -> "class" + i).toList(), OptionalInt.empty());
        assertTrue(many.list().endsWith("19 class19, … (1000 in all)"), many.list());
    }

    @Test
    void allClassesWithoutTheNullClass() {
        assertEquals(List.of(0, 1, 2, 3, 4), ANIMALS.pictured(6));
        assertEquals(List.of(0, 1, 2), ClassLabels.NONE.pictured(3), "a model that does not say which class is null has none");
        assertEquals(List.of(0, 2), ClassLabels.of(List.of(), OptionalInt.of(1)).pictured(3));
        assertEquals(List.of(0), ClassLabels.of(List.of("cat"), OptionalInt.empty()).pictured(3), "classes with names only");
        assertFalse(ClassLabels.of(List.of("a", "b"), OptionalInt.of(1)).pictured(2).contains(1));
    }

    private static String message(String wanted) {
        return assertThrows(IllegalArgumentException.class, () -> ANIMALS.find(wanted, 6)).getMessage();
    }
}
