package sirocco.tornado;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;

/** What the TornadoVM backend is made of. */
@AnalyzeClasses(packages = "sirocco.tornado", importOptions = ImportOption.DoNotIncludeTests.class)
class DependenciesTest {
    @ArchTest
    static final ArchRule ONLY_WHAT_LIES_BELOW = noClasses().should().dependOnClassesThat(resideInAPackage("sirocco..").and(
            resideOutsideOfPackages("sirocco.tornado..", "sirocco.gpu..", "sirocco.api.."))).because("a backend knows no other: it finds CUDA's kernels by the service ExternalKernels in sirocco.gpu");
}
