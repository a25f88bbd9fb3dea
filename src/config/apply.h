/*
 * apply.h - what the rows of settings[] name for turning text into their value.
 */
#ifndef CONFIG_APPLY_H
#define CONFIG_APPLY_H

#include "config/config.h"

/*
 * A copy of the text as it is kept, or NULL with the error filled: a tls_pin, a capability, a credential's name; and
 * what stays a text until its verb reads it, since it means another instant each time: an age, a date, a size, a
 * number, a size or a share in percent.
 */
char *apply_clean_pins(const struct account *, const char *, struct err *);
char *apply_clean_capability(const struct account *, const char *, struct err *);
char *apply_clean_file_name(const struct account *, const char *, struct err *);
char *apply_clean_age(const struct account *, const char *, struct err *);
char *apply_clean_date(const struct account *, const char *, struct err *);
char *apply_clean_size(const struct account *, const char *, struct err *);
char *apply_clean_number(const struct account *, const char *, struct err *);
char *apply_clean_goal(const struct account *, const char *, struct err *);

#endif
