package io.keplerfs.http;

/** A request that is answered with a problem; an expected outcome, so it carries no stack. */
final class Refusal extends Exception {
    private final transient Problem problem;

    Refusal(Problem problem) {
        super(problem.detail(), null, false, false);
        this.problem = problem;
    }

    static Refusal invalid(String detail) {
        return new Refusal(Problem.invalid(detail));
    }

    Problem problem() {
        return problem;
    }
}
