package io.keplerfs.floors;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The drawing of docs/architecture.md as rules: what each package may use, and what nothing below {@code node} may do. */
class FloorsTest {
    private static final JavaClasses MAIN = new ClassFileImporter()
            .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
            // The tests of kepler-api arrive in a jar, where they do not look like tests.
            .withImportOption(location -> !location.contains("-tests.jar"))
            .withImportOption(location -> !location.contains("/spi/contract/"))
            .importPackages("io.keplerfs");

    /** package -> packages of this module it may use; kepler-api and itself always. */
    private static final Map<String, List<String>> FLOORS = floors();

    private static final List<String> API = List.of("values", "spi");

    private static final List<String> DOORS = List.of("http", "client");

    private static Map<String, List<String>> floors() {
        Map<String, List<String>> floors = new LinkedHashMap<>();
        floors.put("values", List.of());
        floors.put("spi", List.of());
        floors.put("loop", List.of());
        floors.put("wire", List.of());
        floors.put("listen", List.of());
        floors.put("ring", List.of("wire"));
        floors.put("rpc", List.of("wire"));
        List<String> pure = List.of("loop", "wire", "ring", "rpc");
        floors.put("swim", List.of("wire"));
        floors.put("tcp", List.of("wire"));
        floors.put("disk", List.of("wire"));
        floors.put("memory", List.of("wire"));
        floors.put("register", pure);
        floors.put("view", with(pure, "register"));
        floors.put("replication", with(pure, "register", "view"));
        floors.put("repair", with(pure, "register", "view", "replication"));
        floors.put("files", with(pure, "register", "view", "replication", "repair"));
        floors.put("http", List.of());
        floors.put("client", List.of("listen"));
        return floors;
    }

    private static List<String> with(List<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }

    @TestFactory
    Stream<DynamicTest> eachPackageUsesOnlyTheFloorsBelowIt() {
        return FLOORS.entrySet().stream()
                .map(floor -> DynamicTest.dynamicTest(
                        floor.getKey(),
                        () -> mayUseOnly(floor.getKey(), floor.getValue()).check(MAIN)));
    }

    /** Doors see what an application sees, and not the SPIs. */
    private static List<String> apiOf(String floor) {
        return DOORS.contains(floor) ? List.of("values") : API;
    }

    private static ArchRule mayUseOnly(String floor, List<String> allowed) {
        String[] forbidden = Stream.concat(FLOORS.keySet().stream(), Stream.of("node"))
                .filter(name -> !name.equals(floor)
                        && !allowed.contains(name)
                        && !apiOf(floor).contains(name))
                .map(name -> "io.keplerfs." + name + "..")
                .toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAPackage("io.keplerfs." + floor + "..")
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(forbidden)
                .allowEmptyShould(true);
    }

    @Test
    void everyPackageHasItsPlaceInTheDrawing() {
        List<String> packages = MAIN.stream()
                .map(JavaClass::getPackageName)
                .filter(name -> !name.equals("io.keplerfs"))
                .map(name -> name.substring("io.keplerfs.".length()))
                .distinct()
                .collect(Collectors.toList());
        packages.removeAll(FLOORS.keySet());
        packages.remove("node");

        assertThat(packages).isEmpty();
    }

    @Test
    void noPackageIsInACycle() {
        slices().assignedFrom(EACH_PACKAGE).should().beFreeOfCycles().check(MAIN);
    }

    /** The root package of the API counts as one of them. */
    private static final SliceAssignment EACH_PACKAGE = new SliceAssignment() {
        @Override
        public SliceIdentifier getIdentifierOf(JavaClass type) {
            return type.getPackageName().startsWith("io.keplerfs")
                    ? SliceIdentifier.of(type.getPackageName())
                    : SliceIdentifier.ignore();
        }

        @Override
        public String getDescription() {
            return "every package";
        }
    };

    @Test
    void theApiKnowsNoThirdParty() {
        classes()
                .that(resideInAnyPackage("io.keplerfs", "io.keplerfs.spi", "io.keplerfs.values"))
                .should()
                .onlyDependOnClassesThat(resideInAnyPackage(
                        "io.keplerfs", "io.keplerfs.spi", "io.keplerfs.values", "java..", "org.jspecify.."))
                .check(MAIN);
    }

    private static final DescribedPredicate<JavaClass> BELOW_NODE = resideInAPackage("io.keplerfs..")
            .and(DescribedPredicate.not(resideInAPackage("io.keplerfs.node..")))
            // The door of the one part of kepler-api that acts by itself, over an embedded or a remote cluster alike.
            .and(DescribedPredicate.describe(
                    "not LeaseSurroundings", type -> !type.getName().startsWith("io.keplerfs.LeaseSurroundings")))
            .as("classes below node");

    @TestFactory
    Stream<DynamicTest> timeChanceAndThreadsComeInByTheDoor() {
        return Stream.of(
                        call(System.class, "nanoTime"),
                        call(System.class, "currentTimeMillis"),
                        call(java.util.UUID.class, "randomUUID"),
                        call(Thread.class, "sleep"),
                        call(java.util.concurrent.ThreadLocalRandom.class, "current"),
                        call(Math.class, "random"),
                        call(java.time.Instant.class, "now"),
                        call(java.time.Clock.class, "systemUTC"),
                        made(java.util.Random.class),
                        made(java.security.SecureRandom.class),
                        made(Thread.class),
                        used(java.util.concurrent.Executors.class),
                        used(java.util.concurrent.ForkJoinPool.class),
                        used(java.util.Timer.class))
                .map(rule -> DynamicTest.dynamicTest(rule.getDescription(), () -> rule.check(MAIN)));
    }

    private static ArchRule call(Class<?> owner, String method) {
        return noClasses()
                .that(BELOW_NODE)
                .should()
                .callMethodWhere(DescribedPredicate.describe(
                        owner.getSimpleName() + "." + method,
                        (com.tngtech.archunit.core.domain.JavaMethodCall call) ->
                                call.getTargetOwner().isEquivalentTo(owner)
                                        && call.getName().equals(method)))
                .as("no " + owner.getSimpleName() + "." + method + " below node");
    }

    private static ArchRule made(Class<?> type) {
        return noClasses()
                .that(BELOW_NODE)
                .should()
                .callConstructorWhere(DescribedPredicate.describe(
                        "new " + type.getSimpleName(),
                        (com.tngtech.archunit.core.domain.JavaConstructorCall call) ->
                                call.getTargetOwner().isEquivalentTo(type)))
                .as("no new " + type.getSimpleName() + " below node");
    }

    private static ArchRule used(Class<?> type) {
        return noClasses()
                .that(BELOW_NODE)
                .should()
                .dependOnClassesThat()
                .areAssignableTo(type)
                .as("no " + type.getSimpleName() + " below node");
    }
}
