"""
Strategies for the server's documents: texts that XML can carry but would like to break, and sets of options.
"""

from hypothesis import strategies as st

_breakers = st.sampled_from("<>&\"'\\]], \t\n\r-?!;%$#@äß𝒳\u0085\u2028\ufeff")
texts = st.one_of(
    st.text(_breakers, max_size=12),
    st.text(st.characters(exclude_categories=("Cc", "Cs"), exclude_characters="\ufffe\uffff"), max_size=30),
    st.sampled_from([" ", " lead", "trail ", "]]>", "<!--", "&amp;", "<![CDATA[x]]>", "a\r\nb"]),
)

_doubles = st.floats(allow_nan=False, allow_infinity=False)
_pixels = st.integers(0, 2**31 - 1)
_flags = st.booleans()
_crops: st.SearchStrategy[dict[str, object]] = st.one_of(
    st.just({}),
    st.fixed_dictionaries(
        {"manual": st.fixed_dictionaries({"left": _pixels, "right": _pixels, "top": _pixels, "bottom": _pixels})}
    ),
    st.fixed_dictionaries({"autoColor": st.fixed_dictionaries({"corner": texts, "tolerance": _doubles})}),
    st.fixed_dictionaries({"autoTransparent": st.fixed_dictionaries({"tolerance": _doubles})}),
)
_layers = st.fixed_dictionaries(
    {},
    optional={
        "layerNaming": texts,
        "anchor": texts,
        "createTemplate": _flags,
        "extractText": _flags,
        "extendLayers": _flags,
    },
)

_handles = st.builds("{}|{}".format, st.sampled_from(["p", "ps", "a"]), texts.filter(lambda text: text[:1].strip()))
_handle_lists = st.lists(_handles, max_size=3)

option_values = st.fixed_dictionaries(
    {"overwrite": _flags, "readyForPublish": _flags, "createMask": _flags, "emailSetting": texts},
    optional={
        "preservePublishState": _flags,
        "preserveCrop": _flags,
        "crop": _crops,
        "keywords": st.lists(texts, max_size=4),
        "knockoutBackgroundOptions": st.fixed_dictionaries(
            {"corner": texts, "fillMethod": texts}, optional={"tolerance": _doubles}
        ),
        "postScriptOptions": st.fixed_dictionaries(
            {},
            optional={
                "process": texts,
                "resolution": _doubles,
                "colorspace": texts,
                "alpha": _flags,
                "extractSearchWords": _flags,
            },
        ),
        "illustratorOptions": st.fixed_dictionaries(
            {}, optional={"process": texts, "resolution": _doubles, "colorspace": texts, "alpha": _flags}
        ),
        "colorManagementOptions": st.fixed_dictionaries(
            {"colorManagement": texts}, optional={"sourceProfileHandle": _handles, "outputProfileHandle": _handles}
        ),
        "autoSetCreationOptions": st.fixed_dictionaries({}, optional={"autoSetsArray": _handle_lists}),
        "projectHandleArray": _handle_lists,
        "postHttpUrl": texts,
        "mediaOptions": st.fixed_dictionaries(
            {},
            optional={
                "videoEncodingPresetsArray": _handle_lists,
                "generateThumbnail": _flags,
                "thumbnailOptions": st.fixed_dictionaries(
                    {}, optional={"thumbnailTime": st.integers(-(2**63), 2**63 - 1)}
                ),
            },
        ),
        "inDesignOptions": st.fixed_dictionaries({}, optional={"process": texts}),
        "unCompressOptions": st.fixed_dictionaries({"process": texts}),
        "photoshopOptions": st.fixed_dictionaries({}, optional={"process": texts, "layerOptions": _layers}),
        "pdfOptions": st.fixed_dictionaries(
            {},
            optional={
                "process": texts,
                "resolution": _doubles,
                "colorspace": texts,
                "pdfCatalog": _flags,
                "extractSearchWords": _flags,
                "extractLinks": _flags,
            },
        ),
        "unsharpMaskOptions": st.fixed_dictionaries(
            {},
            optional={
                "amount": _doubles,
                "radius": _doubles,
                "threshold": st.integers(-(2**31), 2**31 - 1),
                "monochrome": st.integers(0, 1),
            },
        ),
    },
)
