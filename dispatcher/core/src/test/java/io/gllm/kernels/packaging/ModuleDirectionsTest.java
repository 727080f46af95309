package io.gllm.kernels.packaging;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The directions of DESIGN: backends see the api alone, the core sees no backend, foreign libraries stay where they belong. */
class ModuleDirectionsTest {
  private static final String ROOT = "io.gllm.kernels";
  private static final String API = ROOT + ".api..";
  private static final List<String> BACKENDS = List.of("cpu", "cuda", "rocm", "metal", "vulkan");
  private static final String[] BACKEND_PACKAGES = BACKENDS.stream().map(name -> ROOT + "." + name + "..").toArray(String[]::new);
  private static final JavaClasses CLASSES = new ClassFileImporter().withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
      .withImportOption(
          location -> !location.contains("/test-classes/") && !location.contains("-tests.jar") && !location.contains("testkit"))
      .importPackages(ROOT);

  @Test
  void everyModuleIsLookedAt() {
    Set<String> found = CLASSES.stream().map(c -> c.getPackageName().replace(ROOT + ".", "").split("\\.")[0])
        .collect(Collectors.toCollection(TreeSet::new));
    Set<String> missing = new TreeSet<>(BACKENDS);
    missing.add("api");
    missing.removeAll(found);
    assertEquals(Set.of(), missing);
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "cuda", "rocm", "metal", "vulkan"})
  void aBackendSeesTheApiAlone(String backend) {
    Stream<String> foreign = switch (backend) {
      case "cpu" -> Stream.of("jdk.incubator.vector..");
      case "cuda" -> Stream.of("jcuda..");
      case "vulkan" -> Stream.of("org.lwjgl..");
      default -> Stream.of();
    };
    String own = ROOT + "." + backend + "..";
    String[] allowed = Stream.concat(Stream.of(own, API, "java.."), foreign).toArray(String[]::new);
    classes().that().resideInAPackage(own).should().onlyDependOnClassesThat().resideInAnyPackage(allowed).check(CLASSES);
  }

  @Test
  void theApiSeesNothing() {
    classes().that().resideInAPackage(API).should().onlyDependOnClassesThat().resideInAnyPackage(API, "java..").check(CLASSES);
  }

  @Test
  void theCoreSeesTheApiAlone() {
    noClasses().that(not(resideInAnyPackage(BACKEND_PACKAGES))).should().dependOnClassesThat().resideInAnyPackage(BACKEND_PACKAGES)
        .check(CLASSES);
    noClasses().that(not(resideInAnyPackage(BACKEND_PACKAGES))).should().dependOnClassesThat()
        .resideOutsideOfPackages(ROOT + "..", "java..")
        .check(CLASSES);
  }

  @Test
  void theVectorApiStaysInItsPackage() {
    noClasses().that().resideOutsideOfPackage(ROOT + ".cpu.vector..").should().dependOnClassesThat()
        .resideInAPackage("jdk.incubator.vector..").check(CLASSES);
  }

  @Test
  void modulesAreFreeOfCycles() {
    slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(CLASSES);
  }

  @Test
  void filesKnowNothingOfKernels() {
    noClasses().that().resideInAnyPackage(ROOT + ".gguf..", ROOT + ".safetensors..", ROOT + ".checkpoint..", ROOT + ".tokenizer..").should()
        .dependOnClassesThat()
        .resideInAnyPackage(ROOT, ROOT + ".model..").check(CLASSES);
  }

  @Test
  void namesSayWhatAClassIs() {
    List<String> vague = List.of("Impl", "Manager", "Util", "Utils", "Helper");
    List<String> found = CLASSES.stream().map(JavaClass::getSimpleName)
        .filter(name -> name.startsWith("Abstract") || vague.stream().anyMatch(name::endsWith)).toList();
    assertEquals(List.of(), found);
  }
}
