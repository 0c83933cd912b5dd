package sirocco.gpu;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the two GPU backends share is made of. */
@AnalyzeClasses(packages = "sirocco.gpu", importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
    @ArchTest
    static final ArchRule ONLY_WHAT_LIES_BELOW = noClasses().should().dependOnClassesThat(resideInAPackage("sirocco..").and(
            resideOutsideOfPackages("sirocco.gpu..", "sirocco.api.."))).because("what backends share lies below them");
}
