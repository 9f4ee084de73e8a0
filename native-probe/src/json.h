/* SPDX-License-Identifier: Apache-2.0 */
/* An event frame as one line of JSON, for eyes and for tests. */
#ifndef POUNCE_JSON_H
#define POUNCE_JSON_H

#include <stdio.h>
#include "probe_event.h"

/* The name of a kind as options and JSON spell it; NULL when there is no such event. */
const char *kind__name(unsigned kind);

/* In quotes, what is not UTF-8 as the characters of the same numbers. */
void json__print_string(FILE *out, const char *text, size_t size);

/* An array of what lies one behind the other in size bytes, each ended by a zero, the last perhaps by the end. */
void json__print_strings(FILE *out, const char *bytes, size_t size);

void json__print_event(FILE *out, const struct probe_frame *frame);

#endif
