/*
 * setting.h - the values behind the rows of settings[], for the rest of this room.
 */
#ifndef CONFIG_SETTING_H
#define CONFIG_SETTING_H

#include "config/config.h"

/* setting_find(name): the row called ${name}, or NULL. */
const struct setting *setting_find(const char *);
/* setting_slot(a, s): where ${a} holds the value of ${s}; its type follows from s->type.  NULL for the server. */
void *setting_slot(const struct account *, const struct setting *);
/* setting_given(a, s): whether this layer has set ${s}; setting_mark(a, s): it has. */
bool setting_given(const struct account *, const struct setting *);
void setting_mark(struct account *, const struct setting *);
/* setting_drop(a, s): free a text, empty a list, forget a descriptor; other values stay. */
void setting_drop(struct account *, const struct setting *);
/* setting_drop_secrets(a): forget every way to the secret. */
void setting_drop_secrets(struct account *);
/* setting_any_secret(a): whether this layer has set a way to the secret. */
bool setting_any_secret(const struct account *);
/* setting_set_text(p, own), setting_add_word(w, own): ${own} is now theirs. */
void setting_set_text(char **, char *);
void setting_add_word(struct words *, char *);
/*
 * setting_copy(to, from, s): make the value of ${s} in ${to} that of ${from}; setting_equal(a, b, s): it is the same.
 */
void setting_copy(struct account *, const struct account *, const struct setting *);
bool setting_equal(const struct account *, const struct account *, const struct setting *);

#endif
