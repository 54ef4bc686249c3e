# Each folder of tests brings its own rules.
include $(wildcard tests/*/*.mk)
