/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands that record something for a while have in common. */
#ifndef POUNCE_COMMAND_H
#define POUNCE_COMMAND_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "isolate.h"

/* Somebody asks us to come to an end. */
extern volatile sig_atomic_t command__stopped;

/* Signals only say so, and a reader that goes away is an error of the write. */
void command__begin(void);

/* Tells on standard error, as JSON, how it ended. Gives back `exit`. */
int command__ended(enum isolate_exit exit, const char *word, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* A decimal number within these bounds. */
bool command__number(const char *text, uint64_t least, uint64_t most, uint64_t *ret_number);

uint64_t command__now_ms(void);

#endif
