package sirocco.cpu;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the CPU backend is made of. */
@AnalyzeClasses(packages = "sirocco.cpu", importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
    @ArchTest
    static final ArchRule ONLY_WHAT_LIES_BELOW = noClasses().should().dependOnClassesThat(resideInAPackage("sirocco..").and(
            resideOutsideOfPackages("sirocco.cpu..", "sirocco.api.."))).because("a backend implements the contract and knows neither other backends nor the library");
}
