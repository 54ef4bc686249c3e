# Programs that tests and benches use: the load client, the judge, the power-cut shim and its image maker.
TOOLS := post
tool_sources = $(wildcard tests/lib/$(1).c tests/lib/$(1)_*.c)

define tool_program
$(BUILD)/tests/$(1): $(patsubst %.c,$(BUILD)/obj/%.o,$(call tool_sources,$(1))) $(call archive,gateway/base)
	@mkdir -p $$(@D)
	$$(LINK)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_program,$(t))))

tools: $(TOOLS:%=$(BUILD)/tests/%)
