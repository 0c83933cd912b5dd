package sirocco.testkit;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the contract and its tests are made of. */
@AnalyzeClasses(packages = {"sirocco.api", "sirocco.testkit"}, importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
    @ArchTest
    static final ArchRule THE_CONTRACT_DEPENDS_ON_NOTHING = classes().that().resideInAPackage("sirocco.api..").should().onlyDependOnClassesThat()
            .resideInAnyPackage("sirocco.api..", "java..").because("everything else depends on it");

    @ArchTest
    static final ArchRule THE_TESTKIT_KNOWS_NO_BACKEND = noClasses().should().dependOnClassesThat(resideInAPackage("sirocco..").and(
            resideOutsideOfPackages("sirocco.testkit..", "sirocco.api.."))).because("it tests every backend");
}
