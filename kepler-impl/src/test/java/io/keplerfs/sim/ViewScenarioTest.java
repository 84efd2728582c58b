package io.keplerfs.sim;

import static io.keplerfs.sim.ViewScript.id;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.keplerfs.PreconditionFailedException;
import io.keplerfs.register.Outcome;
import io.keplerfs.sim.ViewNode.Slip;
import io.keplerfs.spi.MemberInfo;
import io.keplerfs.spi.RegisterKey;
import io.keplerfs.values.NodeId;
import io.keplerfs.view.Ownership;
import io.keplerfs.view.View;
import io.keplerfs.view.ViewMember;
import io.keplerfs.view.ViewOperator;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Stories of views, told step by step: those that chance tells too seldom. */
class ViewScenarioTest {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final Duration NEVER = Duration.ofDays(1);

    private static ViewOperator operator(ViewScript script, int node) {
        return Objects.requireNonNull(script.node(node).operator());
    }

    private static Ownership known(ViewScript script, int node) {
        return Objects.requireNonNull(script.node(node).ownership());
    }

    /** One old owner has not heard of the transition; whoever merges from it takes a row that may still change. */
    private static String readAfterALateEntry(Slip slip) {
        ViewScript script = new ViewScript(4, slip, NEVER).form(0, 1, 2);
        RegisterKey key = ViewScript.keyOwnedBy(Set.of(id(1), id(2), id(3)), 4);
        script.uninformed.addAll(Set.of(id(0), id(2)));
        script.hidden.remove(id(3));
        script.node(3).start();
        script.await(() ->
                script.node(3).ownership() != null && known(script, 3).newest().has(id(3)));
        script.run(Duration.ofSeconds(5));

        Outcome written = script.put(2, key, "late");
        script.uninformed.remove(id(0));
        script.await(() ->
                known(script, 1).next().isEmpty() && known(script, 1).current().has(id(3)));
        script.node(2).crash();
        script.run(Duration.ofSeconds(1));
        String read = script.read(1, key);
        return written instanceof Outcome.Done ? read : "not written, as " + written;
    }

    @Test
    void aWriteOfAnOwnerThatEntersLateIsNotLost() {
        assertThat(readAfterALateEntry(Slip.NONE)).isEqualTo("late");
    }

    @Test
    void aWriteIsLostIfOwnersAreMergedFromBeforeTheyHaveEntered() {
        assertThat(readAfterALateEntry(Slip.SERVES_BEFORE_ENTERING)).isEmpty();
    }

    /** Of five nodes with three copies two survive; the key's value is on one of them alone. */
    private static String readAfterForcing(Slip slip) {
        ViewScript script = new ViewScript(5, slip, NEVER).form(0, 1, 2, 3, 4);
        RegisterKey key = ViewScript.keyOwnedBy(Set.of(id(0), id(1), id(2)), 5);
        script.node(2).crash();
        assertThat(script.put(0, key, "kept")).isInstanceOf(Outcome.Done.class);
        script.node(1).crash();
        script.run(Duration.ofSeconds(5));

        script.get(operator(script, 0).force(List.of(id(0), id(3), id(4))));
        script.awaitSettled(0, 3, 4);
        String read = script.read(4, key);

        script.node(1).start();
        script.node(2).start();
        script.awaitSettled(0, 1, 2, 3, 4);
        assertThat(script.forks).isEmpty();
        assertThat(script.put(1, key, "afterwards")).isInstanceOf(Outcome.Done.class);
        assertThat(script.read(2, key)).isEqualTo("afterwards");
        return read;
    }

    @Test
    void aForcedViewServesWhatAnySurvivorHasAndLetsTheLostReturnEmpty() {
        assertThat(readAfterForcing(Slip.NONE)).isEqualTo("kept");
    }

    @Test
    void withoutTheBridgeAForcedViewForgetsWhatOneSurvivorHas() {
        assertThat(readAfterForcing(Slip.FORCES_WITHOUT_BRIDGE)).isEmpty();
    }

    @Test
    void aLostMajorityThatReturnsAndDecidesOnDoesNotForkTheCluster() {
        ViewScript script = new ViewScript(6, Slip.NONE, NEVER).form(0, 1, 2, 3, 4);
        for (int lost = 2; lost < 5; lost++) {
            script.node(lost).crash();
        }
        script.run(Duration.ofSeconds(2));
        script.get(operator(script, 0).force(List.of(id(0), id(1))));
        script.awaitSettled(0, 1);
        long forced = known(script, 0).current().epoch();

        // The others are back, do not hear of the survivors, and agree on a view of their own: a majority of the old
        // one.
        script.uninformed.addAll(Set.of(id(0), id(1)));
        for (int survivor = 0; survivor < 2; survivor++) {
            script.hidden.add(id(survivor));
        }
        for (int back = 2; back < 5; back++) {
            script.node(back).start();
        }
        script.run(Duration.ofSeconds(10));
        script.get(operator(script, 3)
                .drain(id(4))
                .exceptionally(late -> known(script, 3).current()));
        assertThat(known(script, 3).newest().epoch()).isLessThan(forced);

        script.uninformed.clear();
        script.hidden.clear();
        script.hidden.add(id(5));
        script.awaitSettled(0, 1, 2, 3, 4);
        View view = known(script, 4).current();
        assertThat(view.epoch()).isGreaterThan(forced);
        assertThat(view.lineage()).isPositive();
        assertThat(view.members().stream().filter(member -> member.since() > forced))
                .extracting(ViewMember::id)
                .containsExactly(id(2), id(3), id(4));
    }

    @Test
    void aViewIsForcedOnlyWhenAMajorityIsLostAndEverybodyAliveIsNamed() {
        ViewScript script = new ViewScript(5, Slip.NONE, NEVER).form(0, 1, 2, 3, 4);

        assertRefused(script, List.of(id(0), id(1)), "not dead and not named");
        assertRefused(script, List.of(id(0), id(1), id(2), id(3), id(4)), "nothing forces anybody");
        assertRefused(script, List.of(id(1)), "this node is not named");
        script.node(4).crash();
        script.run(Duration.ofSeconds(1));
        assertRefused(script, List.of(id(0), id(1), id(2), id(3)), "nothing forces anybody");
        assertRefused(script, List.of(id(0), id(1), id(2), id(3), id(4)), "not every survivor answers");
    }

    private static void assertRefused(ViewScript script, List<NodeId> survivors, String why) {
        assertThatThrownBy(() -> script.get(operator(script, 0).force(survivors)))
                .hasCauseInstanceOf(PreconditionFailedException.class)
                .hasMessageContaining(why);
    }

    @Test
    void aDrainedNodeLeavesStaysOutAndComesBackOnRequest() {
        ViewScript script = new ViewScript(4, Slip.NONE, NEVER).form(0, 1, 2, 3);
        RegisterKey key = ViewScript.keyOwnedBy(Set.of(id(0), id(1), id(3)), 4);
        script.put(0, key, "moved");

        script.get(operator(script, 1).drain(id(3)));
        script.awaitSettled(0, 1, 2);
        assertThat(known(script, 0).current().departed()).containsExactly(id(3));
        for (int owner = 0; owner < 3; owner++) {
            assertThat(script.node(owner).accepted(key))
                    .isEqualTo(script.node(3).accepted(key));
        }
        script.run(Duration.ofSeconds(20));
        script.awaitSettled(0, 1, 2);

        script.get(operator(script, 1).cancelDrain(id(3)));
        script.awaitSettled(0, 1, 2, 3);
        assertThat(script.read(3, key)).isEqualTo("moved");
    }

    @Test
    void aDrainIsRefusedWhenTooFewOwnersWouldRemainAndCanBeCancelled() {
        ViewScript script = new ViewScript(4, Slip.NONE, NEVER).form(0, 1, 2, 3);
        script.put(0, ViewScript.keyOwnedBy(Set.of(id(0), id(1), id(3)), 4), "here");
        script.run(Duration.ofSeconds(1));
        script.node(0).crash();
        script.run(Duration.ofSeconds(2));

        script.get(operator(script, 1).drain(id(3)));
        assertThatThrownBy(() -> script.get(operator(script, 1).drain(id(2))))
                .hasMessageContaining("2 owners would remain for 3 copies");
        // An owner is down, so the drain cannot end: what it lacks is known to nobody.
        script.run(Duration.ofSeconds(30));
        assertThat(known(script, 1).current().has(id(3))).isTrue();

        script.get(operator(script, 1).cancelDrain(id(3)));
        script.run(Duration.ofSeconds(5));
        assertThat(known(script, 1).current().activeMembers()).isEqualTo(4);
    }

    @Test
    void aMemberThatARestartedProposerNeverMetAliveIsEvictedAllTheSame() {
        ViewScript script = new ViewScript(5, Slip.NONE, SOON).form(0, 1, 2, 3, 4);
        script.node(4).crash();
        script.hidden.add(id(4));
        for (int each = 0; each < 4; each++) {
            script.node(each).crash();
            script.node(each).start();
        }

        script.awaitSettled(0, 1, 2, 3);

        // It comes back: a new member, whose old registers count no more.
        script.hidden.remove(id(4));
        script.node(4).start();
        script.awaitSettled(0, 1, 2, 3, 4);
        assertThat(known(script, 0).current().member(id(4)).orElseThrow().since())
                .isEqualTo(known(script, 0).current().epoch());
    }

    @Test
    void aDeadMemberIsEvictedOnRequestAndALiveOneIsNot() {
        ViewScript script = new ViewScript(4, Slip.NONE, NEVER).form(0, 1, 2, 3);
        assertThatThrownBy(() -> script.get(operator(script, 0).evict(id(3)))).hasMessageContaining("is not dead");
        script.node(3).crash();

        script.get(operator(script, 0).evict(id(3)));
        script.awaitSettled(0, 1, 2);
        script.node(2).crash();
        assertThatThrownBy(() -> script.get(operator(script, 0).evict(id(2))))
                .hasMessageContaining("2 owners would remain for 3 copies");
    }

    @Test
    void anotherWeightOrZoneMakesAnotherView() {
        ViewScript script = new ViewScript(4, Slip.NONE, NEVER).form(0, 1, 2, 3);
        var info = script.node(3).info();
        script.node(3).becomes(new MemberInfo(info.id(), "renamed", "east", 3, info.address(), 2, info.state()));

        script.await(() -> known(script, 0).next().isEmpty()
                && known(script, 0).current().member(id(3)).orElseThrow().weight() == 3);
        ViewMember changed = known(script, 0).current().member(id(3)).orElseThrow();
        assertThat(changed.zone()).isEqualTo("east");
        assertThat(changed.label()).isEqualTo("renamed");
        assertThat(known(script, 0).current().ring().share(id(3))).isGreaterThan(0.3);
    }

    @Test
    void aNodeThatMissedSeveralViewsCatchesUp() {
        ViewScript script = new ViewScript(7, Slip.NONE, NEVER).form(0, 1, 2, 3);
        RegisterKey key = ViewScript.keyOwnedBy(Set.of(id(0), id(1), id(2)), 4);
        script.node(3).crash();
        for (int joining = 4; joining < 7; joining++) {
            script.hidden.remove(id(joining));
            script.node(joining).start();
            int now = joining;
            script.await(() -> known(script, 0).next().isEmpty()
                    && known(script, 0).current().has(id(now)));
        }
        script.put(5, key, "meanwhile");

        script.node(3).start();
        script.awaitSettled(0, 1, 2, 3, 4, 5, 6);

        assertThat(script.read(3, key)).isEqualTo("meanwhile");
    }
}
