package sirocco.check;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Rules about all modules: this one has almost all of them on its class path. */
@AnalyzeClasses(packages = "sirocco", importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
    @ArchTest
    static final ArchRule THE_COMMAND_LINE_IS_ON_TOP = noClasses().that().resideOutsideOfPackages("sirocco.cli..", "sirocco.check..", "sirocco.bench..").should().dependOnClassesThat()
            .resideInAnyPackage("sirocco.cli..", "sirocco.check..", "picocli..", "me.tongfei.progressbar..").because("the library has users without a terminal");

    @ArchTest
    static final ArchRule BACKENDS_ARE_FOUND_BY_SERVICE = noClasses().that().resideInAnyPackage("sirocco.cli..", "sirocco.check..").should().dependOnClassesThat()
            .resideInAnyPackage("sirocco.cpu..", "sirocco.cuda..", "sirocco.tornado..", "sirocco.gpu..").because("a release may be without one");
}
