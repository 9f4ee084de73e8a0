/**
 * Falco's rule language: rule files, conditions, outputs.
 *
 * <p>Start at {@link RuleFileReader} for files and at {@link ConditionText} for a single condition. A condition is
 * parsed once and compiled against a {@link FieldBinder}, so that the same language judges kernel events, detections
 * and recorded events. {@link ProbeInterest} says what a set of rules can match at all.
 *
 * <p>Compared with real Falco on its own answers ({@code OracleConformanceTest}). What differs, on purpose:
 *
 * <ul>
 *   <li>an unknown key or item in a rule file is an error, and all errors of all files are reported at once;
 *   <li>a macro may be used before it is defined, in whatever order files are given;
 *   <li>the name of a list within quotes stays a text;
 *   <li>a regular expression also matches text with bytes that are no UTF-8: one such byte is no way around a rule;
 *   <li>{@code fd.net in (...)} finds IPv6 networks, too; several values of {@code evt.rawarg} are compared as numbers.
 * </ul>
 */
@NullMarked
package dev.pounce.detection.language;

import org.jspecify.annotations.NullMarked;
