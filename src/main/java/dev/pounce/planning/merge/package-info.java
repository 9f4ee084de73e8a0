/**
 * What several action sets want at once becomes what is done.
 *
 * <p>Start at {@link Merge}. The rules are {@code rules/planning/*.drl}; the build turns them into classes of a
 * package {@code rules} below this one, so that nothing is parsed, compiled or generated at run time. The records
 * here are the facts that those rules speak of. Beside {@code correlation} this is the only package that knows Drools:
 * who wins over whom is knowledge that one should be able to read, and to add to, without reading the planner.
 */
@NullMarked
package dev.pounce.planning.merge;

import org.jspecify.annotations.NullMarked;
