package sirocco;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** Which packages of the library know which. docs/architecture.md names the rules. */
@AnalyzeClasses(packages = "sirocco", importOptions = DependenciesTest.OfThisModule.class)
class DependenciesTest {
    /** The library itself, without the modules beside it on the class path. */
    static final class OfThisModule implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return location.contains("/core/target/classes/");
        }
    }

    @ArchTest
    static final ArchRule NETWORKS_DO_NOT_KNOW_DIFFUSION = noClasses().that().resideInAnyPackage("sirocco.nn..", "sirocco.folder..").should().dependOnClassesThat()
            .resideInAnyPackage("sirocco.diffusion..", "sirocco.pipeline..", "sirocco.train..", "sirocco.sample..", "sirocco.tune..")
            .because("networks and processes meet in train, sample and pipeline");

    @ArchTest
    static final ArchRule DIFFUSION_DOES_NOT_KNOW_NETWORKS = noClasses().that().resideInAPackage("sirocco.diffusion..").should().dependOnClassesThat()
            .resideInAnyPackage("sirocco.nn..", "sirocco.folder..", "sirocco.pipeline..", "sirocco.train..", "sirocco.sample..", "sirocco.tune..")
            .because("networks and processes meet in train, sample and pipeline");

    @ArchTest
    static final ArchRule FILES_AND_IMAGES_KNOW_NEITHER = noClasses().that().resideInAnyPackage("sirocco.io..", "sirocco.data..", "sirocco.image..").should()
            .dependOnClassesThat().resideInAnyPackage("sirocco.nn..", "sirocco.folder..", "sirocco.diffusion..", "sirocco.pipeline..", "sirocco.train..",
                    "sirocco.sample..", "sirocco.tune..").because("they read and write what anything may be made of");

    @ArchTest
    static final ArchRule NO_BACKEND_AND_NO_COMMAND_LINE = noClasses().should().dependOnClassesThat().resideInAnyPackage("sirocco.cpu..", "sirocco.gpu..",
            "sirocco.cuda..", "sirocco.tornado..", "sirocco.testkit..", "sirocco.cli..", "picocli..")
            .because("backends are found by ServiceLoader, and the command line is one user of the library");

    @ArchTest
    static final ArchRule NO_CYCLES = slices().matching("sirocco.(*)..").should().beFreeOfCycles();
}
